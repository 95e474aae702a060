"""180 one-liners in six languages about ten other things than the two other sets: kept for checking, never for tuning.

Written and labelled by hand before the engine had seen them. Whoever changes the engine tunes it with the other sets
and looks at this one once, at the end: it tells what a room may expect that nobody has tuned anything for.
"""

from __future__ import annotations

from tests.support.themes.labelled import Labelled

_LINES = {
    "shops": {
        "en": """
            another bakery closed on the high street, only vape shops left
            I'd buy local if anything was open after six
            who wants to open a village shop together? cooperative
            online orders are killing the little stores
            """,
        "de": """
            Der letzte Metzger macht zu, jetzt nur noch Discounter
            Wochenmarkt bitte auch am Nachmittag, sonst kann ich nie einkaufen
            Dorfladen in Bürgerhand – funktioniert bei uns seit 4 Jahren
            """,
        "es": """
            cada mes cierra otra tienda del barrio
            compremos en el mercado y no en internet
            la panadera se jubila y nadie coge el negocio
            """,
        "fr": """
            plus un seul commerce ouvert le lundi
            une épicerie coopérative, qui en est ?
            les vitrines vides font peine à voir, où sont passées les boutiques
            """,
        "pt": """
            a mercearia da esquina fechou, agora só o supermercado
            """,
        "ar": """
            أغلق الخباز الأخير في شارعنا
            نشتري من السوق المحلي لا من الإنترنت
            متى يفتح الدكان الجديد؟
            """,
    },
    "doctors": {
        "en": """
            3 months for an appointment with a skin doctor, madness
            our GP retires in march and nobody takes over the practice
            a nurse who visits twice a week would already help
            Mental health: where do teenagers find a therapist here?
            """,
        "de": """
            kein Hausarzt nimmt noch neue Patienten
            Die Klinik schließt die Geburtsstation – wohin dann?
            Gemeindeschwester war früher Standard, warum nicht wieder
            """,
        "es": """
            el centro de salud sin médico desde enero
            cuatro horas en urgencias con mi hijo con fiebre
            faltan enfermeras y psicólogos
            """,
        "fr": """
            désert médical : 40 km pour un dentiste
            l'hôpital ferme la maternité, scandaleux
            une infirmière au village svp
            """,
        "pt": """
            espero há seis meses por uma consulta no centro de saúde
            """,
        "ar": """
            لا يوجد طبيب أطفال في القرية
            انتظرت خمس ساعات في المستشفى
            نحتاج ممرضة تزور المرضى في البيوت
            """,
    },
    "sport": {
        "en": """
            the pool was full of kids and nobody asked where they came from
            girls want pitch time too, not just the boys at 9 pm
            walking football for over 60s - my knees say thanks
            Can we have the gym on Sundays? basketball!!
            """,
        "de": """
            Schwimmbad bleibt!!! Unterschriften liegen aus
            Der Verein sucht Trainerinnen für die Mädchenmannschaft
            Tischtennisplatte im Park = bester Treffpunkt
            """,
        "es": """
            la piscina cerrada todo agosto, increíble
            partido de fútbol mixto el sábado, apúntate
            hace falta un entrenador para el equipo infantil
            """,
        "fr": """
            le gymnase est toujours fermé quand on est libres
            un tournoi de foot entre quartiers, j'ai adoré
            apprendre à nager devrait être gratuit
            """,
        "pt": """
            precisamos de um campo de futebol com luz
            """,
        "ar": """
            لعبنا كرة القدم مع فريق الحي الآخر
            المسبح مغلق والأولاد يريدون السباحة
            نبحث عن مدربة لفريق البنات
            """,
    },
    "nursery": {
        "en": """
            no nursery place until she's three, so I stay at home
            childcare that ends at 2pm is not childcare
            parents cooking for the kindergarten, such a good idea
            grandparents could read to the toddlers in the mornings
            """,
        "de": """
            Kitaplatz abgelehnt zum zweiten Mal
            Die Erzieherinnen sind am Limit, gebt ihnen mehr Lohn
            Eltern-Kind-Gruppe hat mich gerettet im ersten Jahr mit Baby
            """,
        "es": """
            no hay plaza en la guardería hasta septiembre
            las educadoras cobran una miseria
            grupo de crianza los martes, traed a los bebés
            """,
        "fr": """
            la crèche est pleine, liste d'attente de deux ans
            merci aux nounous qui tiennent le coup
            une halte-garderie le samedi aiderait les parents seuls
            """,
        "pt": """
            sem creche não posso voltar ao trabalho
            """,
        "ar": """
            لا مكان في الروضة لطفلتي
            الحضانة تغلق الساعة الثانية وأنا أعمل حتى الخامسة
            شكراً للمربيات اللواتي يعتنين بأطفالنا
            """,
    },
    "council": {
        "en": """
            the mayor listened for a whole hour, first time ever
            publish the minutes of the council meeting in plain language
            why can't I vote after 12 years here
            citizens assembly by lot, not always the same loud people
            """,
        "de": """
            Bürgerrat auslosen statt immer die gleichen fünf
            Stadtrat soll im Livestream tagen
            Wahlrecht ab 16, wir wollen mitbestimmen
            """,
        "es": """
            el alcalde prometió responder por escrito, lo apunto
            presupuestos participativos ¡que decidan los vecinos!
            nadie entiende las actas del pleno
            """,
        "fr": """
            le conseil municipal à 14h, qui peut y aller ?
            un référendum local sur la place, enfin
            la maire n'a pas répondu à ma question
            """,
        "pt": """
            a câmara devia perguntar antes de decidir
            """,
        "ar": """
            أريد أن أصوت في الانتخابات البلدية
            رئيس البلدية استمع إلينا أخيراً
            قرارات المجلس يجب أن تكون مفهومة للجميع
            """,
    },
    "dogs": {
        "en": """
            put bags next to the dog bins, simple
            My Labrador made more friends tonight than me
            leash in the playground pls, my son is scared
            a fenced meadow where puppies can run
            """,
        "de": """
            Hundewiese mit Zaun wäre ein Traum
            Leine ran auf dem Spielplatz
            wer geht mit dem Hund von Frau Kaya Gassi wenn sie im Krankenhaus ist
            """,
        "es": """
            recoged las cacas de los perros por favor
            parque canino ya, el perro también es vecino
            paseo cachorros gratis los fines de semana :)
            """,
        "fr": """
            les crottes de chien devant l'école, ça suffit
            tenez vos chiens en laisse svp
            un coin clôturé pour que les chiots courent
            """,
        "pt": """
            passeio o cão da vizinha todas as manhãs
            """,
        "ar": """
            الكلاب بدون حبل تخيف الأطفال
            كلبي وجد أصدقاء هنا
            أين نتمشى مع الكلب في المساء؟
            """,
    },
    "heat": {
        "en": """
            38 degrees on the square and not a single tree for shade
            drinking fountains!! everywhere!!
            who checks on sick people in a heatwave
            paint the roofs white, costs nothing
            """,
        "de": """
            Trinkbrunnen am Marktplatz fehlt, im Juli nicht auszuhalten
            Sonnensegel über dem Sandkasten
            kühle Räume öffnen wenn es über 35 Grad hat
            """,
        "es": """
            más sombra y menos cemento
            refugio climático en la iglesia, está fresquita
            con 42 grados no se puede dormir ni trabajar
            """,
        "fr": """
            la canicule tue, prévoyons des salles fraîches
            des arbres pour l'ombre plutôt que des parasols
            une fontaine d'eau potable sur la place
            """,
        "pt": """
            calor insuportável na praça, falta sombra
            """,
        "ar": """
            الحر شديد ولا ظل في الساحة
            نريد مياه شرب باردة في الشارع
            موجة الحرارة خطر على المرضى
            """,
    },
    "noise": {
        "en": """
            motorbikes at 2 am under my window, every weekend
            leaf blowers should be banned, my ears
            the bar is lovely but the bass shakes our bedroom
            quiet hours for construction sites?
            """,
        "de": """
            Laubbläser am Sonntag um acht, geht's noch
            Nachtruhe ab 22 Uhr gilt auch für die Kneipe
            Fluglärm: wir haben drei Wochen lang Dezibel gemessen
            """,
        "es": """
            el ruido de las terrazas no nos deja dormir
            motos sin silenciador toda la noche
            silencio, por favor, a partir de las doce
            """,
        "fr": """
            trop de bruit la nuit, impossible de fermer l'œil
            les scooters pétaradent sous nos fenêtres
            un mur antibruit le long de la rocade
            """,
        "pt": """
            o barulho do bar não me deixa dormir
            """,
        "ar": """
            الضجيج في الليل لا يتركنا ننام
            أصوات الدراجات النارية مزعجة جداً
            هدوء بعد العاشرة من فضلكم
            """,
    },
    "history": {
        "en": """
            my great-aunt worked in this mill, here is her photo from 1931
            a plaque for the families who were deported from our street
            old maps!! could have looked at them all night
            record the stories of the miners before they are gone
            """,
        "de": """
            Stolperstein für Familie Levi, wer putzt mit?
            Zeitzeugin erzählte vom Winter 1945, alle waren still
            Das alte Stadtarchiv hat Fotos von unserer Straße um 1900
            """,
        "es": """
            fotos antiguas de la fábrica donde trabajó mi bisabuelo
            que no se olvide la guerra civil, memoria histórica
            el museo del pueblo merece más visitas
            """,
        "fr": """
            les archives ont des cartes postales de 1910, magnifique
            une plaque pour les résistants fusillés ici
            témoignage d'un ancien mineur, très émouvant
            """,
        "pt": """
            o museu guardou as memórias dos pescadores
            """,
        "ar": """
            صور قديمة للمدينة قبل الحرب
            حكايات الأجداد يجب أن تُكتب
            زرنا المتحف وتعرفنا على تاريخ الحي
            """,
    },
    "jobs": {
        "en": """
            looking for an apprenticeship as electrician, any hints?
            my diploma is not recognised here so I clean offices
            the plant closes, 200 jobs gone, what now
            a CV workshop would be great, I have interview next week
            """,
        "de": """
            Ausbildungsplatz gesucht: Tischlerin!
            mein Abschluss als Ingenieur wird nicht anerkannt
            Handwerk findet keine Azubis und Jugendliche keine Stelle, bringt sie zusammen
            """,
        "es": """
            busco empleo de cocinero, tengo diez años de experiencia
            contratos temporales y sueldos bajos, así no hay futuro
            ayuda para escribir el currículum
            """,
        "fr": """
            stage de troisième introuvable pour mon fils
            l'usine licencie, il faut former les gens
            au chômage depuis un an, merci pour les contacts
            """,
        "pt": """
            procuro emprego como electricista
            """,
        "ar": """
            أبحث عن عمل منذ سنة ولا أحد يرد
            شهادتي كمهندس غير معترف بها
            نريد تدريباً مهنياً للشباب العاطلين
            """,
    },
}
_MIXED = [
    ("shops", "the Bäcker is gone too, qué pena"),
    ("doctors", "no Termin beim médecin before june"),
    ("sport", "let's go swimming, Freibad forever"),
    ("nursery", "Kita = crèche = guardería, there are none"),
    ("council", "Rathaus meeting was muy largo but good"),
    ("dogs", "mon chien liebt das Café hier"),
    ("heat", "demasiado calor im Saal, open the windows"),
    ("noise", "zu laut! trop de bruit! too loud!"),
    ("history", "the old photos, quelle histoire"),
    ("jobs", "Praktikum wanted, any empresa"),
]


def fresh_labelled() -> list[Labelled]:
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
