"""A small gathering in five languages, and what a person expects to find in it: 60 questions with their answers.

The judgments were written before the answers were looked at: a takeaway belongs to a question when a person who reads
both would be glad to be shown it. Names of takeaways begin with their language.
"""

from __future__ import annotations

from dataclasses import dataclass

# name: text. Three sessions by the first letter behind the language: gardens (g), energy and repair (r), streets (s).
TEXTS = {
    "en-g1": "The compost heap stays warm all winter if it is a cubic metre or more.",
    "en-g2": "Gardening with children works best when each child owns one bed.",
    "en-g3": "Old seeds still germinate: we tested beans from 2009.",
    "en-g4": "Our school garden needs water in the holidays. Who has a key to the tap?",
    "en-g5": "Bees find a hedge of native bushes before they find flower boxes.",
    "en-r1": "A repair café saves forty toasters a month. Volunteers stay when they are thanked.",
    "en-r2": "Solar panels on the library's roof pay for themselves in nine years.",
    "en-r3": "Borrowing tools beats buying them: one drill for a whole street.",
    "en-r4": "How do we heat the church hall without gas? Heat pumps need a second meter.",
    "en-s1": "A safe route to school begins with one crossing guard.",
    "en-s2": "The bridge floods every March, so the bus should take the upper road.",
    "en-s3": "Benches make a street safe, because people who sit see what happens.",
    "en-s4": "We wrote letters to the council and were answered within ten days.",
    "es-g1": "El compost guarda el calor durante el invierno si el montón es grande.",
    "es-g2": "Los huertos escolares necesitan agua en verano y alguien con la llave.",
    "es-g3": "Intercambiamos semillas de maíz criollo; las semillas viejas germinan todavía.",
    "es-g4": "Las abejas prefieren flores nativas. Plantamos romero y lavanda.",
    "es-r1": "El taller de reparación arregla cuarenta electrodomésticos al mes.",
    "es-r2": "Instalación de paneles solares en el tejado de la biblioteca.",
    "es-r3": "¿Quién presta herramientas? Una organización de vecinos lleva la lista.",
    "es-s1": "Los niños dibujaron su ruta en bicicleta a la escuela.",
    "es-s2": "El puente se inunda cada año; pedimos otro recorrido del autobús.",
    "es-s3": "La radio comunitaria llega a más gente que los carteles.",
    "es-s4": "Los árboles refrescan la plaza cinco grados en agosto.",
    "fr-g1": "Le tas de compost reste chaud pendant l'hiver.",
    "fr-g2": "Le jardin de l'école manque d'eau pendant les vacances.",
    "fr-g3": "Nous échangeons des graines anciennes au marché.",
    "fr-g4": "Les abeilles trouvent d'abord la haie, puis les fleurs.",
    "fr-r1": "L'atelier de réparation sauve quarante grille-pain par mois.",
    "fr-r2": "Des panneaux solaires sur le toit de la bibliothèque municipale.",
    "fr-r3": "Emprunter des outils coûte moins cher que d'en acheter.",
    "fr-s1": "Les enfants ont tracé leur piste cyclable jusqu'à l'école.",
    "fr-s2": "Le pont est inondé chaque année au mois de mars.",
    "fr-s3": "Une fête des voisins et toute la rue se connaît.",
    "de-g1": "Der Komposthaufen bleibt im Winter warm.",
    "de-g2": "Unsere Schulgärten brauchen in den Ferien Wasser.",
    "de-g3": "Wir tauschen alte Samen auf dem Markt.",
    "de-g4": "Die Bienen finden zuerst die Hecken, dann die Blumen.",
    "de-r1": "Das Reparaturcafé rettet vierzig Toaster im Monat.",
    "de-r2": "Eine Solaranlage passt auf das Dach der Bücherei.",
    "de-r3": "Werkzeuge ausleihen statt kaufen: eine Bohrmaschine für die ganze Straße.",
    "de-r4": "Wie heizen wir die Halle ohne Gas? Die Heizung ist dreißig Jahre alt.",
    "de-s1": "Kinder planen ihren Schulweg selbst und malen ihn auf die Straße.",
    "de-s2": "Die Brücke wird jeden März überschwemmt.",
    "de-s3": "Bäume kühlen den Platz um fünf Grad.",
    "ar-g1": "السماد يبقى دافئا طوال الشتاء.",
    "ar-g2": "حدائق المدارس تحتاج إلى الماء في الصيف.",
    "ar-g3": "نتبادل البذور القديمة في السوق.",
    "ar-g4": "النحل يجد الأزهار البرية أولا.",
    "ar-r1": "مقهى الإصلاح ينقذ أربعين جهازا كل شهر.",
    "ar-r2": "الألواح الشمسية على سطح المكتبة.",
    "ar-s1": "رسم الأطفال طريق الدراجات إلى المدرسة.",
    "ar-s2": "الجسر يغرق كل عام في مارس.",
    "ja-g1": "冬の庭では堆肥が暖かい。",
    "zh-s1": "孩子们画了上学的自行车路线。",
    "th-g1": "สวนโรงเรียนต้องการน้ำในฤดูร้อน",
}
SESSIONS = {"g": "Gardens that last", "r": "Energy and repair", "s": "Streets for people"}
AUTHORS = {"en-g2": "Ana", "en-r1": "Ana", "es-g3": "Lucía", "de-g4": "Jürgen", "fr-r1": "Maëlle"}
TAGS = {"en-g3": ["seeds"], "en-s2": ["flood", "bus"], "es-g2": ["agua"], "de-s3": ["heat"]}


@dataclass(frozen=True)
class Question:
    """What somebody types, and the names of what they are glad to be shown."""

    typed: str
    wanted: frozenset[str]


def _q(typed: str, wanted: str) -> Question:
    return Question(typed, frozenset(wanted.split()))


QUESTIONS = [
    # English: forms of words, several words, a phrase, a slip.
    _q("gardens water", "en-g4"),
    _q("garden", "en-g2 en-g4"),
    _q("gardening child", "en-g2"),
    _q("seed", "en-g3"),
    _q("germination of seeds", "en-g3"),
    _q("bee hedges", "en-g5"),
    _q("compost", "en-g1 es-g1 fr-g1"),
    _q("warm winter", "en-g1"),
    _q("volunteer", "en-r1"),
    _q("repairs", "en-r1"),
    _q("solar panel", "en-r2"),
    _q("borrow tool", "en-r3"),
    _q("heating", "en-r4"),
    _q("safety", "en-s1 en-s3"),
    _q('"safe route"', "en-s1"),
    _q("bus flooding", "en-s2"),
    _q("letter from the council", "en-s4"),
    _q("toastr", "en-r1"),
    _q("brige", "en-s2"),
    _q("libary roof", "en-r2"),
    # Spanish: with and without accents, forms, slips.
    _q("huerto escolar", "es-g2"),
    _q("semilla", "es-g3"),
    _q("maiz", "es-g3"),
    _q("abeja flor", "es-g4"),
    _q("reparaciones", "es-r1"),
    _q("electrodomestico", "es-r1"),
    _q("panel solar biblioteca", "es-r2"),
    _q("organizaciones", "es-r3"),
    _q("bicicletas niños", "es-s1"),
    _q("autobus", "es-s2"),
    _q("arbol plaza", "es-s4"),
    _q("heramientas", "es-r3"),
    # French.
    _q("jardins école", "fr-g2"),
    _q("graine ancienne", "fr-g3"),
    _q("abeille", "fr-g4"),
    _q("reparations", "fr-r1"),
    _q("bibliotheques", "fr-r2"),
    _q("outil", "fr-r3"),
    _q("enfant cyclable", "fr-s1"),
    _q("ponts inondés", "fr-s2"),
    _q("voisin", "fr-s3"),
    _q("grile-pain", "fr-r1"),
    # German: umlauts, plurals, parts of compounds at their beginning.
    _q("Schulgarten", "de-g2"),
    _q("Hecke Biene", "de-g4"),
    _q("Reparatur", "de-r1"),
    _q("Solar Dach", "de-r2"),
    _q("Werkzeug", "de-r3"),
    _q("heizungen", "de-r4"),
    _q("Brucke", "de-s2"),
    _q("Baum", "de-s3"),
    _q("strasse", "de-r3 de-s1"),
    _q("Kompost", "de-g1"),
    # Arabic: article, plural, other letters for the same sound.
    _q("حديقة", "ar-g2"),
    _q("المدرسة", "ar-g2 ar-s1"),
    _q("بذور", "ar-g3"),
    _q("الاصلاح", "ar-r1"),
    # Scripts without spaces.
    _q("堆肥", "ja-g1"),
    _q("自行车", "zh-s1"),
    # Names, tags, sessions.
    _q("by:ana repair", "en-r1"),
    _q("#agua", "es-g2"),
]
