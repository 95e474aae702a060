"""300 takeaways in five languages, written and labelled by hand, to measure how well themes are found.

A label names what a takeaway is about; the engine never sees it. Nothing here was chosen by what the engine knows.
"""

from __future__ import annotations

from typing import NamedTuple


class Labelled(NamedTuple):
    """A takeaway with its theme and language."""

    label: str
    language: str
    text: str


_SENTENCES = {
    "bicycles": {
        "en": """
            We need a protected bike lane on the main road before another cyclist gets hurt.
            The cargo bike that the library lends out has replaced our second car.
            Cyclists and bus drivers should plan the crossing together.
            I learned how to patch a tyre and adjust brakes in twenty minutes.
            Where can children lock their bicycles safely near the school?
            More people would ride to work if the path along the canal were lit in winter.
            """,
        "de": """
            Ohne geschützten Radweg lasse ich meine Kinder nicht mit dem Fahrrad fahren.
            Das Lastenrad vom Verein ersetzt bei uns das zweite Auto.
            Bei der Fahrradwerkstatt habe ich gelernt, wie man die Bremsen einstellt.
            Wer plant eigentlich die Kreuzung am Bahnhof für Radfahrer?
            Eine Beleuchtung am Kanal würde mehr Leute zum Radeln bringen.
            Es fehlen sichere Abstellplätze für Fahrräder in der Innenstadt.
            """,
        "es": """
            Hace falta un carril bici protegido en la avenida principal.
            La bicicleta de carga del barrio sirve para mudanzas pequeñas.
            En el taller aprendí a reparar un pinchazo y ajustar los frenos.
            ¿Dónde pueden los niños aparcar la bici cerca de la escuela?
            Los ciclistas y los conductores de autobús deben respetarse en el cruce.
            Iría al trabajo en bicicleta si el camino tuviera luz por la noche.
            """,
        "fr": """
            Il faut une piste cyclable protégée sur le boulevard.
            Le vélo cargo prêté par l'association remplace notre voiture.
            J'ai appris à réparer une roue et à régler les freins à l'atelier vélo.
            Où garer les vélos des enfants près de l'école ?
            Les cyclistes et les chauffeurs de bus doivent partager la route.
            Avec un éclairage, je prendrais mon vélo même en hiver.
            """,
        "ar": """
            نحتاج إلى مسار آمن للدراجات في الشارع الرئيسي.
            تعلمت إصلاح إطار الدراجة وضبط الفرامل خلال ساعة.
            دراجة الشحن في الحي تغنينا عن السيارة الثانية.
            أين يمكن للأطفال ترك الدراجات قرب المدرسة؟
            على راكبي الدراجات وسائقي الحافلات احترام الطريق معا.
            لو كان الطريق مضاء ليلا لذهبت إلى العمل بالدراجة.
            """,
    },
    "shared food": {
        "en": """
            Leftover bread from the bakery should go to the community fridge every evening.
            Cooking together for sixty people taught me to plan portions and save food.
            The soup made from rescued vegetables was the best meal of the weekend.
            Could the canteen offer a vegetarian lunch every day?
            A third of the food in our neighbourhood ends up as waste.
            I want to start a shared kitchen where people bring recipes from home.
            """,
        "de": """
            Übrig gebliebenes Brot sollte jeden Abend in den Kühlschrank für alle.
            Gemeinsam kochen für sechzig Leute: so viel Essen kann man retten.
            Die Suppe aus gerettetem Gemüse war köstlich.
            Gibt es in der Kantine bald jeden Tag ein vegetarisches Mittagessen?
            Ein Drittel der Lebensmittel landet bei uns im Müll.
            Ich möchte eine Küche eröffnen, in der alle ihre Rezepte mitbringen.
            """,
        "es": """
            El pan que sobra en la panadería debería ir a la nevera comunitaria.
            Cocinar juntos para sesenta personas enseña a no tirar comida.
            La sopa de verduras rescatadas fue lo mejor del día.
            ¿Puede el comedor ofrecer un menú vegetariano cada día?
            Un tercio de los alimentos acaba en la basura.
            Quiero abrir una cocina compartida con recetas de cada casa.
            """,
        "fr": """
            Le pain invendu de la boulangerie devrait aller au frigo partagé.
            Cuisiner ensemble pour soixante personnes évite de jeter la nourriture.
            La soupe de légumes récupérés était délicieuse.
            La cantine peut-elle proposer un repas végétarien chaque jour ?
            Un tiers des aliments finit à la poubelle.
            J'aimerais ouvrir une cuisine où chacun apporte ses recettes.
            """,
        "ar": """
            الخبز الباقي في المخبز يجب أن يذهب إلى ثلاجة الحي.
            الطبخ معا لستين شخصا يعلمنا ألا نرمي الطعام.
            كانت شوربة الخضار أفضل وجبة في اليوم.
            هل يقدم المطعم وجبة نباتية كل يوم؟
            ثلث الطعام عندنا ينتهي في القمامة.
            أريد فتح مطبخ مشترك يجلب إليه الناس وصفات من بيوتهم.
            """,
    },
    "accessibility": {
        "en": """
            A ramp at the back door is not enough when the toilets are down a staircase.
            Captions on every talk would help deaf visitors and everyone in the noisy hall.
            My wheelchair could not pass between the rows of chairs.
            Who makes sure that blind people can read the signs in the building?
            Sign language interpreters must be booked months before the conference.
            The lift was broken, so two people with disabilities had to go home.
            """,
        "de": """
            Mit dem Rollstuhl kam ich nicht durch die Stuhlreihen.
            Eine Rampe am Hintereingang reicht nicht, wenn die Toilette im Keller liegt.
            Untertitel helfen gehörlosen Gästen und allen im lauten Saal.
            Können blinde Menschen die Schilder im Gebäude lesen?
            Gebärdensprache muss man Monate vorher bestellen.
            Der Aufzug war kaputt, zwei Gäste mit Behinderung mussten umkehren.
            """,
        "es": """
            Mi silla de ruedas no pasaba entre las filas.
            Una rampa no basta si el baño está al final de una escalera.
            Los subtítulos ayudan a las personas sordas y a todo el público.
            ¿Quién comprueba que las personas ciegas puedan leer los carteles?
            Hay que reservar intérpretes de lengua de signos con meses de antelación.
            El ascensor estaba roto y dos personas con discapacidad se fueron.
            """,
        "fr": """
            Mon fauteuil roulant ne passait pas entre les chaises.
            Une rampe ne suffit pas si les toilettes sont en bas d'un escalier.
            Les sous-titres aident les personnes sourdes et toute la salle.
            Les personnes aveugles peuvent-elles lire les panneaux ?
            Il faut réserver les interprètes en langue des signes des mois avant.
            L'ascenseur était en panne et deux personnes handicapées sont reparties.
            """,
        "ar": """
            لم يمر الكرسي المتحرك بين صفوف الكراسي.
            المنحدر لا يكفي إذا كان المرحاض أسفل الدرج.
            الترجمة المكتوبة تساعد الصم وكل من في القاعة.
            هل يستطيع المكفوفون قراءة اللافتات في المبنى؟
            يجب حجز مترجم لغة الإشارة قبل أشهر.
            كان المصعد معطلا فعاد شخصان من ذوي الإعاقة إلى البيت.
            """,
    },
    "money": {
        "en": """
            Small grants should not need a forty page application.
            We paid for the whole festival with donations and ticket sales.
            Our budget was gone by June because rent for the hall doubled.
            Could the city fund local projects for three years instead of one?
            Ask members for five euros a month: regular income beats one big sponsor.
            The treasurer showed us how to write a simple financial report.
            """,
        "de": """
            Für kleine Zuschüsse sollte man keinen Antrag von vierzig Seiten schreiben müssen.
            Das ganze Fest haben wir mit Spenden und Eintrittskarten bezahlt.
            Unser Budget war im Juni leer, weil die Miete gestiegen ist.
            Könnte die Stadt Projekte drei Jahre lang fördern statt nur eines?
            Fünf Euro Beitrag im Monat sind besser als ein großer Sponsor.
            Die Kassenwartin hat gezeigt, wie man einen Finanzbericht schreibt.
            """,
        "es": """
            Una subvención pequeña no debería exigir una solicitud de cuarenta páginas.
            Pagamos todo el festival con donaciones y entradas.
            El presupuesto se acabó en junio porque subió el alquiler.
            ¿Podría el ayuntamiento financiar los proyectos durante tres años?
            Cinco euros al mes de cada socio valen más que un gran patrocinador.
            La tesorera explicó cómo hacer un informe económico sencillo.
            """,
        "fr": """
            Une petite subvention ne devrait pas exiger un dossier de quarante pages.
            Nous avons payé tout le festival avec des dons et des billets.
            Le budget était vide en juin parce que le loyer a augmenté.
            La ville peut-elle financer les projets pendant trois ans ?
            Cinq euros par mois et par membre valent mieux qu'un gros mécène.
            Le trésorier a montré comment faire un rapport financier simple.
            """,
        "ar": """
            المنح الصغيرة لا يجب أن تحتاج طلبا من أربعين صفحة.
            دفعنا تكاليف المهرجان كله من التبرعات وبيع التذاكر.
            انتهت الميزانية في يونيو لأن الإيجار ارتفع.
            هل يمكن للمدينة تمويل المشاريع لثلاث سنوات؟
            خمسة يورو شهريا من كل عضو أفضل من ممول كبير واحد.
            شرح أمين الصندوق كيف نكتب تقريرا ماليا بسيطا.
            """,
    },
    "volunteers": {
        "en": """
            New volunteers stay when somebody welcomes them on the first day.
            Burnout is real: nobody should run three teams at once.
            Shifts of two hours are easier to fill than whole days.
            How do we thank helpers who never come to the party?
            Write down what each task needs, so that a volunteer can take over.
            Retired people have time and experience, but nobody asks them to help.
            """,
        "de": """
            Neue Freiwillige bleiben, wenn sie am ersten Tag jemand begrüßt.
            Niemand sollte drei Teams gleichzeitig leiten, sonst ist man ausgebrannt.
            Schichten von zwei Stunden lassen sich leichter besetzen.
            Wie danken wir Helfern, die nie zur Feier kommen?
            Jede Aufgabe aufschreiben, damit Ehrenamtliche sie übernehmen können.
            Rentner haben Zeit und Erfahrung, aber keiner fragt sie nach Hilfe.
            """,
        "es": """
            Los nuevos voluntarios se quedan si alguien los recibe el primer día.
            Nadie debería coordinar tres equipos a la vez, acabas agotado.
            Los turnos de dos horas se llenan más fácilmente.
            ¿Cómo damos las gracias a los voluntarios que no vienen a la fiesta?
            Hay que escribir cada tarea para que otro voluntario la pueda asumir.
            Los jubilados tienen tiempo y experiencia, pero nadie les pide ayuda.
            """,
        "fr": """
            Les nouveaux bénévoles restent si quelqu'un les accueille le premier jour.
            Personne ne devrait gérer trois équipes à la fois, c'est l'épuisement.
            Des tranches de deux heures attirent plus de bénévoles.
            Comment remercier les bénévoles qui ne viennent pas à la fête ?
            Il faut noter chaque tâche pour qu'un autre bénévole puisse la reprendre.
            Les retraités ont du temps et de l'expérience, mais on ne leur demande rien.
            """,
        "ar": """
            يبقى المتطوعون الجدد إذا رحب بهم أحد في اليوم الأول.
            لا يجب أن يقود شخص واحد ثلاث فرق، هذا إرهاق.
            نوبات من ساعتين يسهل ملؤها بالمتطوعين.
            كيف نشكر المتطوعين الذين لا يأتون إلى الحفلة؟
            يجب كتابة كل مهمة حتى يتولاها متطوع آخر.
            لدى المتقاعدين وقت وخبرة لكن لا أحد يطلب منهم المساعدة.
            """,
    },
    "network": {
        "en": """
            The wifi broke down as soon as everybody opened a laptop.
            A local server works even when the internet is gone.
            We built a mesh network from old routers on the roofs.
            Does anybody have a spare antenna for the village?
            Slow connections mean that websites must be small.
            Offline maps on the phone saved our trip.
            """,
        "de": """
            Das WLAN brach zusammen, als alle den Laptop öffneten.
            Ein lokaler Server läuft auch ohne Internet.
            Aus alten Routern haben wir ein Netz auf den Dächern gebaut.
            Hat jemand eine Antenne für das Dorf übrig?
            Bei langsamer Verbindung müssen Webseiten klein sein.
            Karten ohne Internet auf dem Handy haben uns gerettet.
            """,
        "es": """
            La wifi cayó cuando todos abrieron el portátil.
            Un servidor local funciona aunque no haya internet.
            Construimos una red con routers viejos en los tejados.
            ¿Alguien tiene una antena de sobra para el pueblo?
            Con una conexión lenta las páginas web deben ser pequeñas.
            Los mapas sin conexión en el móvil nos salvaron.
            """,
        "fr": """
            Le wifi est tombé quand tout le monde a ouvert son ordinateur.
            Un serveur local marche même sans internet.
            Nous avons monté un réseau avec de vieux routeurs sur les toits.
            Quelqu'un a-t-il une antenne en trop pour le village ?
            Avec une connexion lente, les sites web doivent rester légers.
            Les cartes hors ligne sur le téléphone nous ont sauvés.
            """,
        "ar": """
            انقطعت شبكة الواي فاي عندما فتح الجميع حواسيبهم.
            الخادم المحلي يعمل حتى بدون إنترنت.
            بنينا شبكة من أجهزة راوتر قديمة فوق الأسطح.
            هل لدى أحد هوائي زائد للقرية؟
            مع الاتصال البطيء يجب أن تكون مواقع الويب صغيرة.
            الخرائط بدون إنترنت على الهاتف أنقذتنا.
            """,
    },
    "youth": {
        "en": """
            Teenagers designed the skate park themselves and now they look after it.
            Teachers need time to plan projects outside the classroom.
            Let pupils vote on how the school spends part of its money.
            Why do young people leave our town after school?
            A homework club with older students works better than tutoring.
            The youth centre should be open on weekends.
            """,
        "de": """
            Jugendliche haben den Skatepark selbst entworfen und pflegen ihn.
            Lehrer brauchen Zeit für Projekte außerhalb des Klassenzimmers.
            Schüler sollten über einen Teil des Geldes der Schule abstimmen.
            Warum ziehen junge Leute nach der Schule weg?
            Hausaufgabenhilfe von älteren Schülern wirkt besser als Nachhilfe.
            Das Jugendzentrum sollte am Wochenende offen sein.
            """,
        "es": """
            Los adolescentes diseñaron la pista de patinaje y ahora la cuidan.
            Los profesores necesitan tiempo para proyectos fuera del aula.
            Los alumnos deberían votar parte de los gastos de la escuela.
            ¿Por qué se van los jóvenes después del instituto?
            Un club de deberes con estudiantes mayores funciona mejor.
            El centro juvenil debería abrir los fines de semana.
            """,
        "fr": """
            Les adolescents ont dessiné le skatepark et ils en prennent soin.
            Les professeurs ont besoin de temps pour des projets hors de la classe.
            Les élèves devraient voter une partie des dépenses de l'école.
            Pourquoi les jeunes partent-ils après le lycée ?
            L'aide aux devoirs par des élèves plus âgés marche mieux.
            La maison des jeunes devrait ouvrir le week-end.
            """,
        "ar": """
            صمم المراهقون ساحة التزلج بأنفسهم وهم يعتنون بها.
            يحتاج المعلمون وقتا لمشاريع خارج الصف.
            يجب أن يصوت الطلاب على جزء من نفقات المدرسة.
            لماذا يغادر الشباب البلدة بعد المدرسة؟
            نادي الواجبات مع طلاب أكبر سنا يعمل بشكل أفضل.
            يجب أن يفتح مركز الشباب في عطلة الأسبوع.
            """,
    },
    "gardens": {
        "en": """
            Compost needs air, so turn the heap every two weeks.
            We swapped tomato seeds with the allotment next door.
            Mulch keeps the soil moist through a dry summer.
            Who waters the raised beds during the holidays?
            Bees came back after we sowed wild flowers between the trees.
            Planting beans next to maize feeds the ground.
            """,
        "de": """
            Kompost braucht Luft, deshalb alle zwei Wochen umsetzen.
            Wir haben Samen von Tomaten mit dem Nachbargarten getauscht.
            Mulch hält den Boden im trockenen Sommer feucht.
            Wer gießt die Hochbeete in den Ferien?
            Die Bienen kamen zurück, als wir Wildblumen zwischen die Bäume säten.
            Bohnen neben Mais pflanzen verbessert die Erde.
            """,
        "es": """
            El compost necesita aire, hay que removerlo cada dos semanas.
            Cambiamos semillas de tomate con el huerto de al lado.
            El acolchado mantiene la tierra húmeda en verano.
            ¿Quién riega los bancales durante las vacaciones?
            Las abejas volvieron cuando sembramos flores entre los árboles.
            Plantar judías junto al maíz alimenta el suelo.
            """,
        "fr": """
            Le compost a besoin d'air, il faut le retourner toutes les deux semaines.
            Nous avons échangé des graines de tomates avec le jardin voisin.
            Le paillage garde la terre humide en été.
            Qui arrose les plantes pendant les vacances ?
            Les abeilles sont revenues quand nous avons semé des fleurs sous les arbres.
            Planter des haricots près du maïs nourrit le sol.
            """,
        "ar": """
            السماد يحتاج إلى الهواء فقلبوه كل أسبوعين.
            تبادلنا بذور الطماطم مع الحديقة المجاورة.
            تغطية التربة تحفظ رطوبتها في الصيف.
            من يسقي النباتات خلال العطلة؟
            عاد النحل بعد أن زرعنا الزهور بين الأشجار.
            زراعة الفاصوليا بجانب الذرة تغذي التربة.
            """,
    },
    "energy": {
        "en": """
            Solar panels on the gym roof pay for themselves in nine years.
            Insulating the attic cut our heating bill in half.
            A heat pump is quieter than I thought.
            Can tenants share electricity from one solar roof?
            We measured the power that each appliance uses on standby.
            The village owns its wind turbine and sells the electricity.
            """,
        "de": """
            Die Solaranlage auf der Turnhalle rechnet sich nach neun Jahren.
            Seit der Dämmung des Dachbodens heizen wir nur noch halb so viel.
            Eine Wärmepumpe ist leiser, als ich dachte.
            Können Mieter den Strom von einem Solardach teilen?
            Wir haben den Stromverbrauch aller Geräte gemessen.
            Das Windrad gehört dem Dorf, das den Strom verkauft.
            """,
        "es": """
            Los paneles solares del gimnasio se pagan en nueve años.
            Aislar el ático redujo a la mitad la factura de calefacción.
            Una bomba de calor hace menos ruido de lo que pensaba.
            ¿Pueden los inquilinos compartir la electricidad solar?
            Medimos el consumo eléctrico de cada aparato.
            El pueblo tiene su turbina de viento y vende la energía.
            """,
        "fr": """
            Les panneaux solaires du gymnase sont rentables en neuf ans.
            Isoler le grenier a réduit la facture de chauffage de moitié.
            Une pompe à chaleur est plus silencieuse que je pensais.
            Les locataires peuvent-ils partager l'électricité solaire ?
            Nous avons mesuré la consommation électrique des appareils.
            Le village possède son éolienne et vend son énergie.
            """,
        "ar": """
            الألواح الشمسية على سطح الصالة تسترد ثمنها في تسع سنوات.
            عزل السقف خفض فاتورة التدفئة إلى النصف.
            المضخة الحرارية أهدأ مما توقعت.
            هل يمكن للمستأجرين تقاسم الكهرباء الشمسية؟
            قسنا استهلاك الكهرباء لكل جهاز.
            تملك القرية توربين الرياح وتبيع الطاقة.
            """,
    },
    "privacy": {
        "en": """
            Ask before you post a photo of somebody's child.
            A long passphrase and a password manager protect your accounts.
            Which app shares our contacts with advertisers?
            Encrypted messages are no use if the phone has no lock.
            Delete personal data that you no longer need.
            Surveillance cameras in the park make me feel watched.
            """,
        "de": """
            Vor dem Veröffentlichen von Fotos von Kindern immer fragen.
            Ein langes Passwort und eine Passwortverwaltung schützen die Konten.
            Welche App gibt unsere Kontakte an Werbefirmen weiter?
            Verschlüsselte Nachrichten helfen nicht, wenn das Telefon offen ist.
            Persönliche Daten löschen, die man nicht mehr braucht.
            Überwachungskameras im Park: Ich fühle mich beobachtet.
            """,
        "es": """
            Pregunta antes de publicar la foto de un niño.
            Una contraseña larga y un gestor de contraseñas protegen tus cuentas.
            ¿Qué aplicación comparte nuestros contactos con anunciantes?
            Los mensajes cifrados no sirven si el teléfono no tiene bloqueo.
            Hay que borrar los datos personales que ya no se necesitan.
            Las cámaras de vigilancia del parque me hacen sentir observado.
            """,
        "fr": """
            Demandez avant de publier la photo d'un enfant.
            Un long mot de passe et un gestionnaire protègent les comptes.
            Quelle application partage nos contacts avec les annonceurs ?
            Les messages chiffrés ne servent à rien si le téléphone est ouvert.
            Il faut effacer les données personnelles devenues inutiles.
            Les caméras de surveillance du parc me donnent l'impression d'être observé.
            """,
        "ar": """
            اسأل قبل نشر صورة طفل على الإنترنت.
            كلمة سر طويلة ومدير كلمات السر يحميان حساباتك.
            أي تطبيق يشارك جهات الاتصال مع المعلنين؟
            الرسائل المشفرة لا تنفع إذا كان الهاتف بلا قفل.
            احذفوا البيانات الشخصية التي لا تحتاجونها.
            كاميرات المراقبة في الحديقة تشعرني بأنني مراقب.
            """,
    },
}


def labelled() -> list[Labelled]:
    """All of them, in the order of themes and languages."""
    return [
        Labelled(label, language, line.strip())
        for label, languages in _SENTENCES.items()
        for language, text in languages.items()
        for line in text.strip().splitlines()
    ]
