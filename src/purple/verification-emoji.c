/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "verification-emoji.h"

/* The specification's table ("SAS method: emoji") with its names in other languages. They are not
 * for translators: both sides have to show the same words, whatever program they use. */

#define N_EMOJI 64

static const char *const languages[] = {"en", "de", "es", "fr", "pt_BR"};

/* clang-format off */
static const struct {
    const char *symbol, *names[G_N_ELEMENTS(languages)];
} emoji[N_EMOJI] = {
    {"🐶", {"Dog", "Hund", "Perro", "Chien", "Cachorro"}},
    {"🐱", {"Cat", "Katze", "Gato", "Chat", "Gato"}},
    {"🦁", {"Lion", "Löwe", "León", "Lion", "Leão"}},
    {"🐎", {"Horse", "Pferd", "Caballo", "Cheval", "Cavalo"}},
    {"🦄", {"Unicorn", "Einhorn", "Unicornio", "Licorne", "Unicórnio"}},
    {"🐷", {"Pig", "Schwein", "Cerdo", "Cochon", "Porco"}},
    {"🐘", {"Elephant", "Elefant", "Elefante", "Éléphant", "Elefante"}},
    {"🐰", {"Rabbit", "Hase", "Conejo", "Lapin", "Coelho"}},
    {"🐼", {"Panda", "Panda", "Panda", "Panda", "Panda"}},
    {"🐓", {"Rooster", "Hahn", "Gallo", "Coq", "Galo"}},
    {"🐧", {"Penguin", "Pinguin", "Pingüino", "Manchot", "Pinguim"}},
    {"🐢", {"Turtle", "Schildkröte", "Tortuga", "Tortue", "Tartaruga"}},
    {"🐟", {"Fish", "Fisch", "Pez", "Poisson", "Peixe"}},
    {"🐙", {"Octopus", "Oktopus", "Pulpo", "Poulpe", "Polvo"}},
    {"🦋", {"Butterfly", "Schmetterling", "Mariposa", "Papillon", "Borboleta"}},
    {"🌷", {"Flower", "Blume", "Flor", "Fleur", "Flor"}},
    {"🌳", {"Tree", "Baum", "Árbol", "Arbre", "Árvore"}},
    {"🌵", {"Cactus", "Kaktus", "Cactus", "Cactus", "Cacto"}},
    {"🍄", {"Mushroom", "Pilz", "Seta", "Champignon", "Cogumelo"}},
    {"🌏", {"Globe", "Globus", "Globo", "Globe", "Globo"}},
    {"🌙", {"Moon", "Mond", "Luna", "Lune", "Lua"}},
    {"☁️", {"Cloud", "Wolke", "Nube", "Nuage", "Nuvem"}},
    {"🔥", {"Fire", "Feuer", "Fuego", "Feu", "Fogo"}},
    {"🍌", {"Banana", "Banane", "Plátano", "Banane", "Banana"}},
    {"🍎", {"Apple", "Apfel", "Manzana", "Pomme", "Maçã"}},
    {"🍓", {"Strawberry", "Erdbeere", "Fresa", "Fraise", "Morango"}},
    {"🌽", {"Corn", "Mais", "Maíz", "Maïs", "Milho"}},
    {"🍕", {"Pizza", "Pizza", "Pizza", "Pizza", "Pizza"}},
    {"🎂", {"Cake", "Kuchen", "Tarta", "Gâteau", "Bolo"}},
    {"❤️", {"Heart", "Herz", "Corazón", "Cœur", "Coração"}},
    {"😀", {"Smiley", "Lächeln", "Emoticono", "Sourire", "Sorriso"}},
    {"🤖", {"Robot", "Roboter", "Robot", "Robot", "Robô"}},
    {"🎩", {"Hat", "Hut", "Sombrero", "Chapeau", "Chapéu"}},
    {"👓", {"Glasses", "Brille", "Gafas", "Lunettes", "Óculos"}},
    {"🔧", {"Spanner", "Schraubenschlüssel", "Llave inglesa", "Clé à molette", "Chave inglesa"}},
    {"🎅", {"Santa", "Weihnachtsmann", "Papá Noel", "Père Noël", "Papai-noel"}},
    {"👍", {"Thumbs Up", "Daumen Hoch", "Pulgar arriba", "Pouce en l’air", "Joinha"}},
    {"☂️", {"Umbrella", "Regenschirm", "Paraguas", "Parapluie", "Guarda-chuva"}},
    {"⌛", {"Hourglass", "Sanduhr", "Reloj de arena", "Sablier", "Ampulheta"}},
    {"⏰", {"Clock", "Uhr", "Reloj", "Réveil", "Relógio"}},
    {"🎁", {"Gift", "Geschenk", "Regalo", "Cadeau", "Presente"}},
    {"💡", {"Light Bulb", "Glühbirne", "Bombilla", "Ampoule", "Lâmpada"}},
    {"📕", {"Book", "Buch", "Libro", "Livre", "Livro"}},
    {"✏️", {"Pencil", "Bleistift", "Lápiz", "Crayon", "Lápis"}},
    {"📎", {"Paperclip", "Büroklammer", "Clip", "Trombone", "Clipe de papel"}},
    {"✂️", {"Scissors", "Schere", "Tijeras", "Ciseaux", "Tesoura"}},
    {"🔒", {"Lock", "Schloss", "Candado", "Cadenas", "Cadeado"}},
    {"🔑", {"Key", "Schlüssel", "Llave", "Clé", "Chave"}},
    {"🔨", {"Hammer", "Hammer", "Martillo", "Marteau", "Martelo"}},
    {"☎️", {"Telephone", "Telefon", "Teléfono", "Téléphone", "Telefone"}},
    {"🏁", {"Flag", "Flagge", "Bandera", "Drapeau", "Bandeira"}},
    {"🚂", {"Train", "Zug", "Tren", "Train", "Trem"}},
    {"🚲", {"Bicycle", "Fahrrad", "Bicicleta", "Vélo", "Bicicleta"}},
    {"✈️", {"Aeroplane", "Flugzeug", "Avión", "Avion", "Avião"}},
    {"🚀", {"Rocket", "Rakete", "Cohete", "Fusée", "Foguete"}},
    {"🏆", {"Trophy", "Pokal", "Trofeo", "Trophée", "Troféu"}},
    {"⚽", {"Ball", "Ball", "Bola", "Ballon", "Bola"}},
    {"🎸", {"Guitar", "Gitarre", "Guitarra", "Guitare", "Guitarra"}},
    {"🎺", {"Trumpet", "Trompete", "Trompeta", "Trompette", "Trombeta"}},
    {"🔔", {"Bell", "Glocke", "Campana", "Cloche", "Sino"}},
    {"⚓", {"Anchor", "Anker", "Ancla", "Ancre", "Âncora"}},
    {"🎧", {"Headphones", "Kopfhörer", "Cascos", "Casque audio", "Fones de ouvido"}},
    {"📁", {"Folder", "Ordner", "Carpeta", "Dossier", "Pasta"}},
    {"📌", {"Pin", "Stecknadel", "Alfiler", "Punaise", "Alfinete"}},
};
/* clang-format on */

static guint find_language(void)
{
    const char *const *wanted = g_get_language_names();
    for (guint i = 0; wanted[i] != NULL; i++)
        for (guint j = 0; j < G_N_ELEMENTS(languages); j++)
            if (g_str_equal(wanted[i], languages[j]))
                return j;
    return 0;
}

const char *mxp_verification_emoji_get_symbol(guint number)
{
    return emoji[number % N_EMOJI].symbol;
}

const char *mxp_verification_emoji_get_name(guint number)
{
    return emoji[number % N_EMOJI].names[find_language()];
}
