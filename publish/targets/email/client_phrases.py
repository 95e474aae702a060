"""Phrases by which mail programs mark text that is not the sender's own, in their interface languages.

Language-independent rules (an address, a date, the sender's name) work alongside, so missing
languages are mostly handled as well. Sources: mails written by the programs, and their message
catalogues.
"""

from __future__ import annotations

import re


def _any(words: str) -> str:
    return f"(?:{'|'.join(part.strip() for part in words.split(' / '))})"


# "On … X wrote:": the verb.
_WROTE = (
    r"wrote / writes / sent / schrieb / schreibt / hat geschrieben / geschrieben / gesendet / a écrit / "
    r"écrivait / a envoyé / escribió / escribio / escribi[oó] / ha escrito / escreveu / ha scritto / "
    r"scrisse / scrive / schreef / geschreven / het volgende / skrev / skrifaði / kirjoitti / "
    r"napisał(?:\(a\)|a|/a)? / pisze / napsal(?:\(a\)|a)? / napísal(?:\(a\)|a)? / píše / "
    r"вы писали / ви писали / schrieben sie / "
    r"написал(?:\(а\)|а)? / пишет / писал / написав(?:\(ла\)|ла)? / пише / писав / написа / írta / yazdı / "
    r"şunu yazdı / έγραψε / a scris / va escriure / ha escrit / idatzi / kirjutas / rašė / parašė / "
    r"rakstīja / je napisao / je napisala / napisao / je napisal(?:\(a\)|a)? / bu ezhrivavz / scrit / "
    r"menulis / tulis / đã viết / ने लिखा / লিখেছেন / எழுதியது / เขียนว่า / כתב(?:/ה|ה)? / מאת / "
    r"كتب(?:/كتبت|ت)? / تمت كتابة ما يلي / نوشت / لکھا"
)
# The same in scripts without spaces.
_WROTE_GLUED = (
    r"書きました / さんは書 / のメール / のメッセージ / 写道 / 寫道 / 写到 / 來信 / "
    r"님이 작성 / 작성: / 이\(가\) 작성 / 님의 말"
)
WROTE = re.compile(rf"(?<!\w){_any(_WROTE)}(?!\w)|{_any(_WROTE_GLUED)}", re.IGNORECASE)

# Part of a date or time.
DATE = re.compile(
    r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}|\d{1,2}[:.]\d{2}(?!\d)"
)

# Nothing but a name, an address and the verb.
SOMEBODY_WROTE = re.compile(
    rf"[\"'“„]?[^\W\d_a-z][^<>@:\n]{{0,60}}<[^<>@\s]+@[^<>@\s]+>\s*(?i:{WROTE.pattern})\s*[:：]"
)

# Start of such a line.
_OPENING = (
    r"on / am / den / dne / dňa / le / el / il(?: giorno)? / em / no dia / a / op / w dniu / dnia / på / "
    r"kl / la data / în / ngày / pada / στις / tarihinde / в / у / בתאריך / ב- / في / در / dana / u / "
    r"kuupäeval / vào / em\s+qua / den\s+\w+"
)
OPENING = re.compile(rf"\s*{_any(_OPENING)}\s+(?=\S)", re.IGNORECASE)

# Above a header: "Begin forwarded message:", QQ's "原始邮件" without a colon.
ORIGINAL = re.compile(
    r"[:：]\s*$|^\s*(?:原始邮件|原始郵件|원본 메일|original message)\s*$", re.IGNORECASE
)

# Labels of mail headers, without spaces and in lower case.
_FROM = (
    "from von de da od från fra van от від lähettäjä expéditeur remetente mittente afzender nadawca "
    "odesílatel odosielateľ feladó kimden gönderen από מאת من المرسل 差出人 送信者 发件人 寄件者 寄件人 "
    "보낸사람 보내는사람 प्रेषक จาก từ dari nga ed expeditor šiljatelj pošiljatelj saatja nuo no desde dela"
)
_SENT = (
    "sent date gesendet datum envoyé enviado enviadael enviadoel fecha data inviato verzonden skickat "
    "sendt dato lähetetty päivämäärä päiväys wysłano odesláno odoslané dátum elküldve küldve отправлено "
    "дата надіслано gönderildi gönderme tarih gönderilmetarihi ημερομηνία στάλθηκε נשלח תאריך تاریخ "
    "التاريخ تمالإرسال تاريخالإرسال أرسلت مرسل 送信日時 日時 日付 发送时间 發送時間 寄件日期 傳送時間 日期 时间 "
    "보낸날짜 날짜 दिनांक भेजागया วันที่ ngày đãgửi tanggal dikirim trimis datumslanja poslano saadetud kuupäev išsiųsta "
    "sentat dataihora messagedu"
)
_TO = (
    "to an à a para til till aan al do komu кому címzett kime alıcı vastaanottaja προς אל إلى الى 宛先 收件人 "
    "收件者 받는사람 प्रति ถึง đến kepada către za prima saaja kam cc kopie copie copia kópia kopia копия копія "
    "másolat bilgi κοιν עותק نسخة 抄送 副本 참조 ccópia"
)
_SUBJECT = (
    "subject betreff objet asunto assunto oggetto onderwerp ämne emne aihe temat předmět predmet tárgy "
    "тема konu θέμα נושא الموضوع موضوع 件名 主题 主旨 主題 제목 विषय เรื่อง chủđề subjek subiect naslov teema"
)
LABELS = {
    **dict.fromkeys(_SUBJECT.split(), "subject"),
    **dict.fromkeys(_TO.split(), "to"),
    **dict.fromkeys(_SENT.split(), "sent"),
    **dict.fromkeys(_FROM.split(), "from"),
}

# "Sent from my phone", "Von meinem Handy gesendet": the verb at either end of the line, with the
# device or program in it.
_SENT_WITH = (
    r"(?:securely )?sent / mailed / sicher versendet / "
    r"gesendet / verschickt / diese nachricht wurde / envoyée? / enviad[oa] / inviat[oa] / "
    r"verzonden / verstuurd / skickat / sendt / lähetetty / wysłan[eoy] / odeslán[oa] / odoslan[éeá] / "
    r"poslán[oa] / küldve / elküldve / отправлено / надіслано / "
    r"відправлено / εστάλη / đã gửi / ارسال شد / 来自我的 / 來自我的 / [发發]送自 / "
    r"gönderildi / στάλθηκε / נשלח / أُرسلت / "
    r"أرسلت / مرسلة? / تم الإرسال / أرسل / trimis / poslano / enviat / saadetud / dikirim / (?:được )?gửi / "
    r"da mein\w* / 送信 / 发送 / 傳送 / 发自 / 보냄 / 보냈습니다 / "
    r"भेजा गया / get (?=outlook) / holen sie sich (?=outlook) / "
    r"laden sie (?=outlook) / téléchargez (?=outlook) / obtenir (?=outlook) / obtener (?=outlook) / "
    r"obter (?=o? ?outlook) / ottieni (?=outlook) / scarica (?=outlook) / download (?=outlook) / "
    r"hämta (?=outlook) / hent (?=outlook) / pobierz (?=outlook) / get (?=\w+ for (?:android|ios)\b) / ส่งจาก / "
    r"outlook\w* (?=.{0,12}(?:beszerzése|edinin))"
)
DEVICE_VERB = re.compile(
    rf"^\W*{_any(_SENT_WITH)}|{_any(_SENT_WITH)}\W*(?:<[^>]*>\W*)?$", re.IGNORECASE
)
_DEVICE = (
    r"iphon\w* / ipad / ipod / android / samsung / galaxy / huawei / xiaomi / redmi / oneplus / pixel / "
    r"blackberry / windows / outlook / aka\.ms / proton ?mail / yahoo / gmx / web\.de / t-online / k-9 / "
    r"thunderbird / fairemail / mobil\w* / smartphone / handy / téléphone / móvil / celular / telefon\w* / "
    r"телефон\w* / mail\.ru / yandex / яндекс / mail app / apple mail / tuta\b / tutanota / mailbird / "
    r"nine$ / aqua mail / bluemail / mailspring / polymail / airmail / "
    r"spark\b / aol\b / superhuman / edison mail / shortwave / mimestream / canary / "
    r"for ios\b / bo[iî]te mail / orange mail / phone / tablet / unterwegs / chromebook / macbook / icloud / vivaldi / "
    r"fairphone / 手机 / 手機 / スマホ / スマートフォン / メールアプリ / מהנייד"
)
DEVICE = re.compile(_any(_DEVICE), re.IGNORECASE)
DEVICE_CHARS = 120
# Lines with many variants, recognizable only by the program's URL or slogan.
DEVICE_LINE = re.compile(
    r"outlook.{0,40}<https://aka\.ms/\w+>.{0,25}$|^yahoo mail\s?: |^provenance : courrier|^签名由.{1,20}定制$"
    r"|^(?=.*(?:\bprint|druck|imprim|stamp[ai]|afdruk))"
    r".*(?:consider the environment|an die umwelt|l.environnement|medio ambiente|meio ambiente"
    r"|all.ambiente|aan het milieu)"
    # "Sent from Nine<https://…>", "[Sent from Polymail](https://…)": any program with its address.
    r"|^\[?(?:sent|gesendet|envoyée?|enviad[oa]|inviat[oa]|verzonden) "
    r"(?:from|with|via|using|mit|von|depuis|avec|com|con|da|met) (?!the |our |an? |der |dem |la |le |el |il )"
    r".{2,60}(?:[(<]https?://[^\s()<>]+[)>]|\]\(https?://[^\s()]+\))$"
    r"|^<(?:https?://www\.(?:avast|avg)\.com/\S*|#[0-9a-f-]{20,})>$"
    r"|^.{0,40}(?:avast|avg)\.com\.?$|\bavast\b.{0,60}(?:antivir|viren|virus)|^yahoo mail - .{0,40}$",
    re.IGNORECASE,
)

# "##- Please type your reply above this line -##": ticket systems and forums quote all that is below it.
_ABOVE = (
    r"above this line / (?:über|oberhalb) dieser (?:zeile|linie) / au-dessus de cette ligne / "
    r"(?:encima|arriba) de esta línea / sobre esta línea / acima dest[ae] linha / "
    r"sopra (?:a )?quest[ao] (?:riga|linea) / boven deze (?:regel|lijn) / ovanför (?:den här|denna) (?:raden|linjen) / "
    r"(?:over|ovenfor) denne (?:linjen?|raden) / (?:powyżej|nad) (?:tej linii|tego wiersza|tą linią) / "
    r"nad (?:tento řádek|tímto řádkem|tuto čáru|touto čarou) / (?:над|выше) эт(?:ой|у) (?:строк\w+|черт\w+|лини\w+) / "
    r"(?:над|вище) ц(?:им|ього|ією|ієї) (?:рядк\w+|ліні\w+) / bu (?:satırın|çizginin) üst\w+ / e sor fölé / "
    r"tämän rivin yläpuolel\w+ / この[行線](?:の|より)上 / 此[行线線](?:的|之)?上 / 이 [줄선] 위 / "
    r"מעל (?:ל?שורה זו|ל?קו זה) / فوق هذا (?:السطر|الخط)"
)
_ASKED = (
    r"(?:please )?(?:type|write|enter|add|reply|respond|answer|put) / (?:bitte )?(?:antwort|geben|schreib)\w* / "
    r"(?:veuillez )?(?:saisi|écri|répon)\w+ / (?:por favor,? )?(?:escrib|respond|respuesta|digit|escrev|respost)\w* / "
    r"(?:digita|scriv|rispo)\w* / (?:typ|antwoord|schrijf)\w* / (?:skriv|svar)\w* / (?:wpisz|odpowi|napisz)\w* / "
    r"(?:prosím,? )?(?:napište|odpově|zadejte|pište)\w* / (?:пожалуйста,? )?(?:введите|ответ|напишите|пишите)\w* / "
    r"(?:введіть|відпові|напишіть|пишіть)\w* / yanıt\w* / kérjük / válasz\w* / kirjoita\w* / vasta\w* / "
    r"返信 / 请 / 請 / 回[复覆復] / 답장 / 회신 / 입력 / השב\w* / הקלד\w* / כתוב\w* / اكتب / يرجى / الرجاء / رد"
)
REPLY_ABOVE = re.compile(
    rf"^(?=.{{8,160}}$)(?:[\s>|]*[-–—#*=_~+]{{2,}}.*{_any(_ABOVE)}.*"
    rf"|\W*{_any(_ASKED)}.*{_any(_ABOVE)}(?: to .{{2,30}})?\W*)$",
    re.IGNORECASE,
)

# Subject prefixes of out-of-office replies by Exchange, Gmail and others.
_ABSENT_WORDS = (
    r"automatic reply|auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office(?: autoreply)?|"
    r"automatische antwort|abwesend|"
    r"abwesenheit(?:snotiz|sassistent|snachricht|sbenachrichtigung)?|réponse auto(?:matique)?|"
    r"absence du bureau|notification d.absence|respuesta automática|"
    r"fuera de (?:la )?oficina|resposta automática|risposta automatica|fuori (?:sede|ufficio)|"
    r"automatisch antwoord|afwezigheidsbericht|autosvar|automatiskt svar|automatisk svar|"
    r"automaattinen vastaus|odpowiedź automatyczna|autoodpowiedź|automatická odpověď|"
    r"automatikus válasz|автоматический ответ|автоответ|автоматична відповідь|otomatik yanıt|"
    r"αυτόματη απάντηση|răspuns automat|absent du bureau|ausente d[ae]|fora do escritório|vacation re(?:ply|sponse)|"
    r"autoresponder|undeliverable|undelivered mail returned to sender|delivery status notification|"
    r"mail delivery failed|returned mail|unzustellbar|non remis|no se puede entregar|"
    r"não é possível entregar|onbestelbaar|"
    r"תשובה אוטומטית|מענה אוטומטי|رد تلقائي|自动答复|自动回复|自動回覆|自動回應|自動応答|"
    r"自動返信|外出自動回覆|不在通知|자동 ?(?:회신|응답|답장)|"
    r"स्वचालित (?:उत्तर|जवाब)|स्वत: ?जवाब|الرد التلقائي|خارج المكتب|"
    r"(?:(?:ich bin )?im )?urlaub|absence|en congés?|de vacaciones|ausencia|respuesta automatica|(?:de )?férias|"
    r"(?:(?:i am |i'm )?on )?vacation|ooo|ofis dışında|nieobecność|poza biurem|поза офісом|нет на месте|不在|"
    r"外出|休暇中|부재 ?중(?: 자동 ?(?:회신|응답))?|"
    r"échec de la remise|nicht zustellbar|no entregado|não entregue|niedostarczone|teslim edilemedi|"
    r"не вдалося доставити|не доставлено|تعذر التسليم|系统退信|邮件无法投递|配信不能"
)
ABSENT = re.compile(
    rf"[\s\[(<【（]*(?:{_ABSENT_WORDS})\s*(?:[:：(\[\])>】）-]|re:|$)"
    r"|.*(?:\[out of (?:the )?office\]|\bis out of (?:the )?office\.?|\bist außer haus\.?)\s*(?:\(.{0,80}\))?\s*$",
    re.IGNORECASE,
)

# Alternative texts of the pictures in Outlook's mails of reactions.
_REACTIONS = {
    "👍": (
        "like / gefällt mir / j’aime / me gusta / curtir / gosto / mi piace / leuk / vind ik leuk / "
        "lubię to / подобається / нравится / 赞 / 讚 / いいね! / いいね / 좋아요 / إعجاب / أعجبني / पसंद / gilla / "
        "synes godt om / liker / tykkää / beğen / líbí se mi / tetszik / μου αρέσει / îmi place"
    ),
    "❤️": (
        "heart / herz / cœur / coeur / corazón / coração / cuore / hart / hartje / serce / серце / "
        "сердце / 心 / 爱心 / ハート / 하트 / قلب / दिल / hjärta / hjerte / sydän / kalp / srdce / szív / καρδιά "
        "/ inimă"
    ),
    "🎉": (
        "celebrate / feiern / célébrer / célébration / celebrar / celebração / festeggia / festeggiare / "
        "vieren / świętuj / святкувати / праздновать / 庆祝 / 慶祝 / お祝い / 축하 / احتفال / जश्न / fira / fejr "
        "/ feire / juhli / kutla / oslava / ünneplés"
    ),
    "😆": (
        "laugh / lachen / rire / risa / reír / risada / rir / risata / śmiech / сміх / смех / 笑 / 大笑 / "
        "웃음 / ضحك / हँसी / skratta / grin / ler / nauru / gülme / smích / nevetés / γέλιο"
    ),
    "😮": (
        "surprised / überrascht / surpris / étonné / sorprendido / sorpresa / surpreso / sorpreso / "
        "verrast / zaskoczenie / здивування / удивление / 惊讶 / 驚訝 / 驚き / びっくり / 놀람 / مندهش / आश्चर्य / "
        "förvånad / overrasket / yllättynyt / şaşkın"
    ),
    "😢": (
        "sad / traurig / triste / verdrietig / smutek / сум / грусть / 难过 / 難過 / 悲しい / 슬픔 / حزين / दुखी "
        "/ ledsen / ked af det / trist / surullinen / üzgün / smutný / szomorú"
    ),
}
REACTION_WORDS = {
    word.strip(): sign for sign, words in _REACTIONS.items() for word in words.split(" / ")
}
# "… reacted to your message": the verb.
REACTED_VERB = _any(
    "reacted to / reagiert / réagi / reaccion / reagiu / reagito / gereageerd / zareagował / "
    "відреагу / отреагиров / 回应 / 回應 / リアクション / 반응 / تفاعل / प्रतिक्रिया / reagerade / reagerede / "
    "reagerte / reagoi / tepki / reagoval / reagált / αντέδρασε / reacționat"
)
