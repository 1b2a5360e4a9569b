/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */

/* For -fsanitize=thread alone, else empty. GLib's own locks are futexes in a library that is not
 * instrumented, so that the sanitizer cannot see that they order anything. These wrappers tell it,
 * for the few functions through which threads meet here; a hand-over that goes past them is still
 * reported. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* What GLib does inside, and what it calls for that, is ordered by those locks, too. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libglib-2.0.so.0\n";
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void g_mutex_lock(GMutex *mutex)
{
    REAL(g_mutex_lock)(mutex);
    __tsan_acquire(mutex);
}

void g_mutex_unlock(GMutex *mutex)
{
    __tsan_release(mutex);
    REAL(g_mutex_unlock)(mutex);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    __tsan_release(mutex);
    gboolean signalled = REAL(g_cond_wait_until)(cond, mutex, end_time);
    __tsan_acquire(mutex);
    return signalled;
}

typedef struct {
    GCompareDataFunc func;
    gpointer user_data;
} Comparison;

/* Under the queue's lock, so before anybody can take what is compared out of it. */
static int on_compare(gconstpointer a, gconstpointer b, gpointer user_data)
{
    Comparison *comparison = user_data;
    int result = comparison->func(a, b, comparison->user_data);
    __tsan_release((gpointer)a);
    __tsan_release((gpointer)b);
    return result;
}

void g_async_queue_push_sorted(GAsyncQueue *queue, gpointer data, GCompareDataFunc func,
                               gpointer user_data)
{
    Comparison comparison = {func, user_data};
    __tsan_release(data);
    REAL(g_async_queue_push_sorted)(queue, data, on_compare, &comparison);
}

gpointer g_async_queue_pop(GAsyncQueue *queue)
{
    gpointer data = REAL(g_async_queue_pop)(queue);
    __tsan_acquire(data);
    return data;
}

gpointer g_async_queue_try_pop(GAsyncQueue *queue)
{
    gpointer data = REAL(g_async_queue_try_pop)(queue);
    if (data != NULL)
        __tsan_acquire(data);
    return data;
}

gboolean(g_atomic_ref_count_dec)(gatomicrefcount *refs)
{
    __tsan_release(refs);
    gboolean is_last = REAL(g_atomic_ref_count_dec)(refs);
    if (is_last)
        __tsan_acquire(refs);
    return is_last;
}

typedef struct {
    GSourceFunc func;
    gpointer data;
    GDestroyNotify notify;
} Call;

static gboolean on_call(gpointer data)
{
    Call *call = data;
    __tsan_acquire(call);
    return call->func(call->data);
}

static void on_call_done(gpointer data)
{
    Call *call = data;
    if (call->notify != NULL)
        call->notify(call->data);
    g_free(call);
}

void g_source_set_callback(GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
    Call *call = g_new(Call, 1);
    *call = (Call){func, data, notify};
    __tsan_release(call);
    REAL(g_source_set_callback)(source, on_call, call, on_call_done);
}
#endif

typedef int GlibHappensBeforeIsNotEmpty;
