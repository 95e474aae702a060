"""105 takeaways in five languages about ten more things, short and long: kept for checking the engine of words.

Written and labelled by hand before anything was changed that they measure; see ``fresh_labelled``, which was for
checking before them.
"""

from __future__ import annotations

from tests.support.themes.labelled import Labelled

_LINES = {
    "clothes": {
        "en": """
            The swap rail worked: I brought four jumpers and left with a winter coat.
            nobody needs 20 T-shirts made in a sweatshop
            """,
        "de": """
            Kleidertausch bitte jeden Monat, ich habe eine tolle Hose gefunden
            Wer näht, kauft weniger: alte Hemden werden zu Taschen
            """,
        "es": """
            cambié un vestido por un abrigo casi nuevo
            La ropa de segunda mano no es de pobres, es de listos.
            """,
        "fr": """
            j'ai donné trois pulls et trouvé une robe pour ma fille
            La mode jetable, c'est fini : on coud et on échange nos vêtements.
            """,
        "ar": """
            تبادلنا الملابس المستعملة بدل شراء الجديد
            وجدت معطفاً دافئاً وأعطيت قميصين وفستاناً
            """,
    },
    "theatre": {
        "en": """
            I stood on a stage for the first time in my life and forgot every line
            improv with strangers: say yes first, think later
            """,
        "de": """
            Die Schauspieler waren Nachbarn, und alle haben geweint
            Eine Bühne im Hof, mehr braucht Theater nicht
            """,
        "es": """
            El teatro foro nos hizo actuar nuestros propios conflictos.
            quiero un papel en la próxima obra, aunque sea de árbol
            """,
        "fr": """
            Monter sur scène m'a donné du courage pour parler en public.
            la troupe cherche des acteurs et des costumes
            """,
        "ar": """
            مثلت على المسرح لأول مرة وصفق الجمهور
            المسرحية حكت قصتنا والممثلون من الحي
            """,
    },
    "school": {
        "en": """
            Pupils should be asked before the timetable changes, not after.
            my son's teacher has 31 kids in one classroom
            """,
        "de": """
            Hausaufgabenhilfe am Nachmittag, drei Lehrerinnen haben zugesagt
            Noten abschaffen? Die Schüler waren dafür, die Eltern nicht.
            """,
        "es": """
            demasiados deberes y muy poco recreo
            Las maestras piden clases con menos alumnos y más apoyo.
            """,
        "fr": """
            Une classe dehors par semaine : les élèves apprennent mieux.
            les profs sont épuisés, les devoirs aussi lol
            """,
        "ar": """
            الواجبات المدرسية كثيرة على التلاميذ
            المعلمة تشرح جيداً لكن الصف مزدحم
            """,
    },
    "safety at night": {
        "en": """
            the underpass is dark and I take a taxi because of it
            Walking home in pairs after the late shift makes me feel safe.
            """,
        "de": """
            Am Bahnhofsvorplatz habe ich nachts Angst, da fehlt eine Laterne
            Begleittelefon für den Heimweg, das sollten alle kennen
            """,
        "es": """
            Falta alumbrado en el callejón y de noche da miedo.
            me siento segura cuando volvemos juntas a casa
            """,
        "fr": """
            un lampadaire en panne depuis mars, on a peur de rentrer le soir
            Se faire raccompagner la nuit ne devrait pas être un luxe.
            """,
        "ar": """
            الشارع مظلم ليلاً وأخاف من المشي وحدي
            نريد إضاءة آمنة على طريق العودة إلى البيت
            """,
    },
    "tourists": {
        "en": """
            Rolling suitcases at 5 am: the old town is a hotel now.
            visitors should pay a tax that goes to us residents
            """,
        "de": """
            Ferienwohnungen begrenzen, sonst gibt es hier nur noch Touristen
            Kreuzfahrtschiffe bringen 3000 Gäste und keiner bleibt über Nacht
            """,
        "es": """
            más turistas que vecinos en el casco antiguo
            Los pisos turísticos llenan la escalera de maletas.
            """,
        "fr": """
            Le village vit du tourisme deux mois et dort les dix autres.
            des hôtels partout et les vacanciers laissent peu
            """,
        "ar": """
            السياح في كل مكان والفنادق أغلى كل صيف
            نريد سياحة تحترم سكان المدينة القديمة
            """,
    },
    "emergencies": {
        "en": """
            learnt CPR on a dummy, 30 compressions, could save someone tomorrow
            The volunteer fire brigade needs people who are here on weekdays.
            """,
        "de": """
            Erste-Hilfe-Kurs aufgefrischt, stabile Seitenlage sitzt
            Die Feuerwehr hat gezeigt, wie man einen Brand in der Küche löscht
            """,
        "es": """
            Aprendimos primeros auxilios y dónde está el desfibrilador.
            los bomberos explicaron qué hacer si hay humo en la escalera
            """,
        "fr": """
            Les pompiers manquent de volontaires en journée.
            je sais enfin faire un massage cardiaque, formation premiers secours au top
            """,
        "ar": """
            تعلمنا الإسعافات الأولية وإنقاذ المصاب
            رجال الإطفاء شرحوا كيف نطفئ حريق المطبخ
            """,
    },
    "farming": {
        "en": """
            The farmer showed us why a wet spring means no potatoes.
            buy the whole harvest share, also the ugly carrots
            """,
        "de": """
            Der Hof sucht Leute für die Kartoffelernte, Bezahlung in Gemüse
            Kühe auf der Weide statt im Stall, und die Milch kostet 10 Cent mehr
            """,
        "es": """
            El campo se queda sin gente joven y sin agua para el trigo.
            la cooperativa agrícola reparte cosecha cada viernes
            """,
        "fr": """
            Une ferme collective reprend les terres du dernier agriculteur.
            traire une vache c'est plus dur qu'on croit
            """,
        "ar": """
            المزارع شرح لنا كيف يزرع القمح بلا مبيدات
            الحصاد ضعيف هذا العام والأبقار بلا مرعى
            """,
    },
    "women": {
        "en": """
            Equal pay came up in every single round, and the men listened.
            more women on the panel next time or I won't come
            """,
        "de": """
            Frauen reden hier halb so lang wie Männer, jemand hat mitgestoppt
            Gleichberechtigung fängt beim Abwasch an
            """,
        "es": """
            las mujeres del barrio se organizan y eso se nota
            El feminismo también es repartir los cuidados con los hombres.
            """,
        "fr": """
            À travail égal, salaire égal : les femmes attendent encore.
            pourquoi seulement des hommes au micro ?
            """,
        "ar": """
            المرأة تعمل أكثر وتأخذ أجراً أقل من الرجل
            نساء الحي أسسن جمعية للمساواة
            """,
    },
    "computers": {
        "en": """
            A chatbot wrote my application letter and I am not sure I like that.
            teach seniors how to use a smartphone, two hours a week
            """,
        "de": """
            Künstliche Intelligenz hat mir ein Rezept erfunden, mit Klebstoff
            Computerkurs für Ältere: Passwort, E-Mail, Videoanruf
            """,
        "es": """
            la inteligencia artificial no sabe cómo se llama mi calle
            Sin ordenador no puedo pedir cita ni rellenar el formulario digital.
            """,
        "fr": """
            Un robot qui répond à ma place, non merci, mais le logiciel libre oui.
            aidez mon père avec son téléphone et ses applis
            """,
        "ar": """
            الذكاء الاصطناعي يكتب لكنه لا يفهم
            تعلمت أمي استعمال الحاسوب والبريد الإلكتروني
            """,
    },
    "this evening": {
        "en": """
            the microphone in room 2 crackled, the talk itself was great
            Longer breaks, please: the best conversations were in the corridor.
            """,
        "de": """
            Workshop war viel zu kurz, Moderation super
            Im großen Saal hat man hinten den Vortrag nicht verstanden
            """,
        "es": """
            buen encuentro, mal sonido en la sala grande
            Menos ponencias y más talleres la próxima vez.
            """,
        "fr": """
            L'animatrice a laissé parler tout le monde, chapeau.
            ateliers trop courts et pause trop courte aussi
            """,
        "ar": """
            الورشة كانت رائعة لكن الوقت قصير
            لم نسمع المحاضرة جيداً في القاعة الكبيرة
            """,
    },
}
_MIXED = [
    ("clothes", "meine jacket found a new amiga"),
    ("school", "profesora, teacher, Lehrerin: danke an alle"),
    ("tourists", "airbnb überall, enough tourists already"),
    ("computers", "mi ordenador is slow, wer hilft"),
    ("this evening", "super Workshop, muchas gracias to the moderators"),
]


def unseen_labelled() -> list[Labelled]:
    """All of them; the language of those in two is "mixed"."""
    return [
        *(
            Labelled(label, language, line.strip())
            for label, languages in _LINES.items()
            for language, text in languages.items()
            for line in text.strip().splitlines()
        ),
        *(Labelled(label, "mixed", text) for label, text in _MIXED),
    ]
