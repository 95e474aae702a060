"""Sentences that people write at gatherings, in five languages, put together by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """Parts of sentences of one language: any beginning goes with any middle and any end."""

    starts: tuple[str, ...]
    middles: tuple[str, ...]
    ends: tuple[str, ...]


ENGLISH = Phrases(
    (
        "I learned that",
        "We should tell everybody that",
        "It surprised me that",
        "At home I will see whether",
        "Ask the council why",
        "The best moment was when",
        "Nobody had told us that",
        "Next spring",
        "A neighbour showed me how",
        "Question for the panel:",
        "Idea:",
        "My group agreed that",
    ),
    (
        "compost heaps stay warm in winter",
        "a repair café saves forty toasters a month",
        "the school garden needs water",
        "solar panels fit on the library's roof",
        "children plan their own bicycle route",
        "bees find the hedge first",
        "the market gives its bread away at eight",
        "old seeds still germinate",
        "the bridge floods every March",
        "elders teach the young to sharpen tools",
        "a shared kitchen pays for its own heating",
        "the bus stops where nobody lives",
        "mulching halves the watering",
        "shade trees cool the square by five degrees",
        "volunteers stay when they are thanked",
        "the radio reaches more people than posters",
        "borrowing beats buying",
        "letters to the council are answered in ten days",
        "a bench makes a street safe",
    ),
    (
        "and it costs next to nothing.",
        "if somebody holds the key.",
        "which we can try in April.",
        "says the woman from Leeds.",
        "without asking for a budget.",
        "so let us begin small.",
        "as long as the neighbours agree.",
        "and that is enough.",
        "in the first year already.",
        "when the soil is ready.",
        "thanks to two schools.",
        "and we have photos of it.",
    ),
)
SPANISH = Phrases(
    (
        "Aprendí que",
        "Hay que contar a todos que",
        "Me sorprendió que",
        "En casa voy a probar si",
        "Pregunta:",
        "Lo mejor fue cuando",
        "Nadie nos había dicho que",
        "La próxima primavera",
        "Una vecina me enseñó cómo",
        "Idea:",
    ),
    (
        "el compost guarda el calor en invierno",
        "el taller de reparación salva cuarenta tostadoras",
        "el huerto escolar necesita agua",
        "los paneles solares caben en el tejado",
        "los niños dibujan su ruta en bicicleta",
        "las abejas llegan primero al seto",
        "el mercado regala el pan a las ocho",
        "las semillas viejas germinan todavía",
        "el puente se inunda cada marzo",
        "los mayores enseñan a afilar herramientas",
        "la cocina compartida paga su calefacción",
        "los árboles refrescan la plaza",
    ),
    (
        "y cuesta casi nada.",
        "si alguien guarda la llave.",
        "y lo probamos en abril.",
        "dice la señora de Bogotá.",
        "sin pedir presupuesto.",
        "así que empecemos poco a poco.",
        "con el permiso de los vecinos.",
        "ya en el primer año.",
    ),
)
GERMAN = Phrases(
    (
        "Ich habe gelernt, dass",
        "Alle sollten wissen, dass",
        "Überrascht hat mich, dass",
        "Zu Hause prüfe ich, ob",
        "Frage:",
        "Am schönsten war, als",
        "Niemand hatte uns gesagt, dass",
        "Im nächsten Frühling",
        "Eine Nachbarin zeigte mir, wie",
        "Idee:",
    ),
    (
        "der Kompost im Winter warm bleibt",
        "das Reparaturcafé vierzig Toaster rettet",
        "der Schulgarten Wasser braucht",
        "die Solaranlage aufs Dach der Bücherei passt",
        "Kinder ihren Radweg selber planen",
        "die Bienen zuerst die Hecke finden",
        "der Markt um acht das Brot verschenkt",
        "alte Samen noch keimen",
        "die Brücke jeden März überflutet wird",
        "Ältere den Jungen das Schärfen zeigen",
        "die Gemeinschaftsküche ihre Heizung bezahlt",
        "Bäume den Platz kühlen",
    ),
    (
        "und es kostet fast nichts.",
        "wenn jemand den Schlüssel hat.",
        "und das versuchen wir im April.",
        "sagt die Frau aus Leipzig.",
        "ganz ohne Zuschüsse.",
        "also fangen wir klein an.",
        "solange die Nachbarn zustimmen.",
        "schon im ersten Jahr.",
    ),
)
FRENCH = Phrases(
    (
        "J'ai appris que",
        "Il faut dire à tous que",
        "J'ai été surprise que",
        "Chez moi je verrai si",
        "Question :",
        "Le plus beau moment, c'était quand",
        "Personne ne nous avait dit que",
        "Au printemps prochain",
        "Idée :",
    ),
    (
        "le compost reste chaud en hiver",
        "l'atelier de réparation sauve quarante grille-pain",
        "le jardin de l'école manque d'eau",
        "les panneaux solaires tiennent sur le toit",
        "les enfants tracent leur piste cyclable",
        "les abeilles trouvent d'abord la haie",
        "le marché donne son pain à huit heures",
        "les vieilles graines germent encore",
        "le pont est inondé chaque mars",
        "les anciens apprennent aux jeunes à aiguiser",
        "la cuisine partagée paie son chauffage",
        "les arbres rafraîchissent la place",
    ),
    (
        "et cela ne coûte presque rien.",
        "si quelqu'un garde la clé.",
        "et nous l'essaierons en avril.",
        "dit la dame de Lyon.",
        "sans demander de budget.",
        "alors commençons petit.",
        "si les voisins sont d'accord.",
        "dès la première année.",
    ),
)
ARABIC = Phrases(
    (
        "تعلمت أن",
        "يجب أن نخبر الجميع أن",
        "فاجأني أن",
        "في البيت سأجرب هل",
        "سؤال:",
        "لم يخبرنا أحد أن",
        "في الربيع القادم",
        "فكرة:",
    ),
    (
        "السماد يبقى دافئا في الشتاء",
        "مقهى الإصلاح ينقذ أربعين جهازا",
        "حديقة المدرسة تحتاج إلى الماء",
        "الألواح الشمسية تناسب سطح المكتبة",
        "الأطفال يرسمون طريق الدراجات",
        "النحل يجد السياج أولا",
        "السوق يوزع الخبز في الثامنة",
        "البذور القديمة ما زالت تنبت",
        "الجسر يغرق كل مارس",
        "الأشجار تبرد الساحة",
    ),
    (
        "ولا يكلف شيئا تقريبا.",
        "إذا احتفظ أحد بالمفتاح.",
        "وسنجرب ذلك في أبريل.",
        "تقول السيدة من تونس.",
        "دون طلب ميزانية.",
        "فلنبدأ صغيرا.",
        "إذا وافق الجيران.",
        "منذ السنة الأولى.",
    ),
)
LANGUAGES = (ENGLISH, SPANISH, GERMAN, FRENCH, ARABIC)
SHARES = (45, 20, 15, 10, 10)
NAMES = (
    "Ana",
    "Bo",
    "Chidi",
    "Dora",
    "Emre",
    "Fatima",
    "Goran",
    "Hanna",
    "Imani",
    "Jürgen",
    "Kim",
    "Lucía",
    "Maëlle",
    "Noor",
    "Olu",
    "Priya",
    "Quentin",
    "Rosa",
    "Sami",
    "Thandi",
    "Uwe",
    "Vera",
    "Wanjiru",
    "Ximena",
    "Yusuf",
    "Zoë",
)
TAGS = (
    "soil",
    "water",
    "energy",
    "school",
    "food",
    "repair",
    "bikes",
    "money",
    "elders",
    "children",
    "bees",
    "market",
    "garten",
    "agua",
    "énergie",
    "tools",
    "heat",
    "council",
    "next-year",
    "quote",
)
TITLES = (
    "Community gardens in winter",
    "Repair cafés that last",
    "Solar on shared roofs",
    "Water in dry years",
    "Safe routes to school",
    "Feeding a street",
    "Seeds and who keeps them",
    "Radio by neighbours",
    "Talking with the council",
    "Bees in the city",
    "Tools to borrow",
    "Cooling the square",
    "Old and young",
    "Money without grants",
    "Radwege selber planen",
    "Huertos escolares",
    "Cuisines partagées",
    "حدائق المدارس",
    "What comes next",
    "Open space",
)


def sentences(rng: random.Random) -> str:
    """One to four sentences of one language; English most often."""
    phrases = rng.choices(LANGUAGES, SHARES)[0]
    return " ".join(_sentence(phrases, rng) for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))))


def _sentence(phrases: Phrases, rng: random.Random) -> str:
    return " ".join(
        (rng.choice(phrases.starts), rng.choice(phrases.middles), rng.choice(phrases.ends))
    )
