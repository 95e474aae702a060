"""168 short takeaways in five languages, as people type them: colloquial, with mistakes, some in two languages.

Written and labelled by hand before the engine had seen them, about other things than ``labelled``. Since then words
that are unknown in their text's language are looked up in the others, which these showed to be missing.
"""

from __future__ import annotations

from tests.support.themes.labelled import Labelled

_LINES = {
    "repair": {
        "en": """
            fixed my toaster myself!! 2 screws and a dead fuse
            why throw a lamp away when the cable is the only broken bit
            soldering irons pls bring more next time
            Learned to sew a zip back into my jacket
            """,
        "de": """
            Bohrmaschine ging wieder, nur die Kohlen waren durch
            Kann man einen Mixer ohne Ersatzteile reparieren? ja kann man
            mein alter Drucker läuft wieder danke ans repaircafé
            """,
        "es": """
            arreglé la plancha con ayuda de Paco, era el cable
            no tiren las cosas, se arreglan!!
            falta un soldador y destornilladores pequeños
            """,
        "fr": """
            mon grille pain remarche, trop contente
            on répare au lieu de jeter, bravo l'atelier
            il manque des pièces de rechange pr les aspirateurs
            """,
        "ar": """
            صلحت المروحة القديمة بنفسي
            لا ترمِ الجهاز قبل أن تحاول إصلاحه
            نحتاج قطع غيار وأدوات لحام
            """,
    },
    "library": {
        "en": """
            story time on saturdays pls keep it
            the library should stay open after 6, I work
            swapped three novels today, love the book shelf
            audiobooks 4 my gran?
            """,
        "de": """
            Bücherei am Sonntag aufmachen!
            Vorlesestunde war super, die Kleinen haben zugehört
            habe einen Krimi mitgenommen und zwei Romane dagelassen
            """,
        "es": """
            quiero más cuentos en árabe en la biblioteca
            el club de lectura del jueves es lo mejor q tenemos
            ¿se pueden donar libros viejos?
            """,
        "fr": """
            la bibliothèque ferme trop tot
            des BD pour les ados svp
            lire à voix haute, ça m'a fait du bien
            """,
        "ar": """
            أحب القراءة في المكتبة مع ابنتي
            نريد كتباً بالعربية وقصصاً للأطفال
            أين يمكن أن أعير الروايات؟
            """,
    },
    "choir": {
        "en": """
            singing together gave me goosebumps
            need a second drummer + somebody w/ a bass
            The choir needs more low voices!
            who has the sheet music for the last song
            """,
        "de": """
            Wann probt der Chor wieder?
            Lied in drei Sprachen gesungen, Gänsehaut
            ich kann Gitarre und bring nen Verstärker mit
            """,
        "es": """
            me encantó cantar con gente que no conozco
            falta un piano afinado
            tocamos la guitarra hasta las once jaja
            """,
        "fr": """
            le concert de la fanfare, génial
            on cherche des voix graves pr la chorale
            apprendre une chanson en ukrainien en 10 min c possible
            """,
        "ar": """
            الغناء معاً جعلني سعيداً
            من يعزف على العود في الفرقة؟
            أغنية جميلة جداً تعلمناها اليوم
            """,
    },
    "river": {
        "en": """
            the creek floods our cellar every spring now
            can we swim in the river again one day??
            rain gauge at the bridge showed 40 mm
            planted willows on the bank so it does not wash away
            """,
        "de": """
            Hochwasser 2021 darf nicht vergessen werden
            Der Bach braucht mehr Platz, weg mit dem Beton
            Wasserproben: Nitrat zu hoch
            """,
        "es": """
            el rio huele mal desde que llueve menos
            hay q limpiar la orilla, yo me apunto
            ¿quién mide la calidad del agua?
            """,
        "fr": """
            la rivière déborde chaque printemps
            interdire le béton sur les berges
            analyse de l'eau : trop de nitrates
            """,
        "ar": """
            ماء النهر ليس نظيفاً للسباحة
            الفيضان دخل بيوتنا العام الماضي
            يجب أن نغرس أشجاراً على الضفة
            """,
    },
    "housing": {
        "en": """
            my rent went up 18 % this year, how is that legal
            empty flats above the shops - why??
            a tenants union would help us all
            co-op housing needs land from the city
            """,
        "de": """
            Miete frisst die Hälfte vom Lohn
            Leerstand im Zentrum und wir finden keine Wohnung
            Genossenschaft gründen? ich bin dabei
            """,
        "es": """
            los alquileres están por las nubes
            el casero no arregla la humedad
            vivienda social ya!!
            """,
        "fr": """
            loyer trop cher, on va devoir partir du quartier
            le proprio veut nous expulser, que faire ?
            des logements vides partout, c'est fou
            """,
        "ar": """
            الإيجار غالٍ جداً علينا
            شقة لخمسة أشخاص بغرفتين فقط
            من يساعد المستأجرين ضد المالك؟
            """,
    },
    "newcomers": {
        "en": """
            language cafe on tuesday = best thing since I arrived
            who can translate a letter from the immigration office
            as a refugee I want to work not wait
            practised german for an hour with a nice lady
            """,
        "de": """
            Sprachtandem gesucht: Deutsch – Ukrainisch
            Die Ausländerbehörde braucht Dolmetscher
            endlich mal mit Geflüchteten geredet statt über sie
            """,
        "es": """
            aprender el idioma con vecinos es más fácil q en clase
            papeles, papeles... ayuda con los trámites de asilo
            llegué hace 3 meses y ya tengo amigos aquí
            """,
        "fr": """
            cours de français gratuit le mercredi, merci
            accompagner une famille réfugiée à la préfecture
            traducteur arabe demandé pour les papiers
            """,
        "ar": """
            تعلمت اللغة مع الجيران أسرع من الدورة
            أحتاج مترجماً لموعد دائرة الأجانب
            وصلنا لاجئين والآن عندنا أصدقاء
            """,
    },
    "wildlife": {
        "en": """
            counted 14 swifts nesting under the roof
            leave the leaves! hedgehogs need them
            no more poison on the verges, think of the bees
            saw a kingfisher omg
            """,
        "de": """
            Wildbienen brauchen Sandflächen, kein Hotel aus dem Baumarkt
            weniger mähen, mehr Schmetterlinge
            Fledermäuse überm Parkplatz gezählt: 23
            """,
        "es": """
            menos pesticidas, más abejas
            construimos cajas nido para los pájaros
            vi un erizo en el patio de noche
            """,
        "fr": """
            les oiseaux reviennent depuis qu'on ne taille plus la haie
            hôtel à insectes construit avec les gosses
            arrêter les pesticides svp pensez aux abeilles
            """,
        "ar": """
            النحل يختفي بسبب المبيدات
            صنعنا بيتاً للطيور مع الأولاد
            رأيت قنفذاً في الليل قرب البيت
            """,
    },
    "loneliness": {
        "en": """
            my neighbour is 87 and nobody rings her bell. I will now
            sunday coffee for people who live alone
            grandpa laughed for the first time in months today
            phone buddies for seniors - sign me up
            """,
        "de": """
            Oma kam raus aus der Wohnung, das zählt
            Besuchsdienst für einsame alte Leute
            Rentner und Kinder zusammen Kaffee trinken lassen
            """,
        "es": """
            mi abuela está sola casi todo el día
            visitar a los mayores una vez por semana
            café de los domingos para quien vive solo
            """,
        "fr": """
            personne ne devrait vieillir seul
            j'irai voir ma voisine âgée plus souvent
            un goûter entre retraités et enfants
            """,
        "ar": """
            جدتي تجلس وحدها طوال اليوم
            لنزر كبار السن كل أسبوع
            قهوة الأحد للذين يعيشون وحدهم
            """,
    },
    "buses": {
        "en": """
            last bus at 20:10 is a joke
            tram stop w/o a shelter, we got soaked
            free tickets for under 18s!!
            timetable nobody understands
            """,
        "de": """
            Der Bus kommt einmal die Stunde, wenn er kommt
            Deutschlandticket ja, aber welcher Zug fährt hier noch
            Haltestelle ohne Dach und ohne Licht
            """,
        "es": """
            el autobús nunca llega a tiempo
            queremos tranvía hasta el hospital
            billete gratis para jubilados
            """,
        "fr": """
            dernier train à 19h c'est n'importe quoi
            arrêt de bus sans abri
            le tram devrait passer toutes les dix minutes
            """,
        "ar": """
            الباص يتأخر دائماً
            لا يوجد قطار بعد الثامنة مساءً
            تذكرة مجانية للطلاب من فضلكم
            """,
    },
    "waste": {
        "en": """
            zero waste week: I failed on day 2 lol
            bins overflow every weekend at the lake
            bring your own cup, no more plastic
            who empties the recycling containers??
            """,
        "de": """
            Mülltrennung versteht im Haus keiner
            Pfandbecher statt Plastik beim nächsten Fest
            3 Säcke Müll am See gesammelt
            """,
        "es": """
            demasiado plástico en la fiesta
            recogimos dos bolsas de basura en la playa
            ¿dónde se reciclan las pilas?
            """,
        "fr": """
            trop d'emballages, ras le bol
            ramassage de déchets dimanche matin
            gobelets consignés pour la prochaine fête
            """,
        "ar": """
            القمامة تملأ الشاطئ كل أسبوع
            لا للأكواب البلاستيكية في الحفلة
            أين نضع البطاريات المستعملة لإعادة التدوير؟
            """,
    },
}
_MIXED = [
    ("choir", "The Chorprobe was amazing, gracias a todos"),
    ("buses", "Bus verpasst again :( last one 20:10"),
    ("repair", "el toaster funciona wieder!!"),
    ("newcomers", "merci for the Deutschkurs, you are wonderful"),
    ("waste", "plastik cups, no gracias"),
    ("housing", "la Miete est too high"),
    ("library", "книги and stories, merci bibliothèque"),
    ("wildlife", "bees = abejas = Bienen, save them"),
]


def short_labelled() -> list[Labelled]:
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
