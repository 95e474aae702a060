"""Phrases of mail servers, lists and automatic answers that tell in their text or subject only what they are."""

from __future__ import annotations

import re

# Bounces of Exchange and others, moderation of lists, challenges to prove that one is a person.
SUBJECT = re.compile(
    r"\W*(?:undeliver|non remis|impossibile recapitare|recapito non riuscito|olevererbart|kan ikke leveres"
    r"|ikke leverbart"
    r"|kunne ikke leveres|toimittamat|niedostarczalne|nie można dostarczyć|nedoručiteln|nedoručené|kézbesíthetetlen"
    r"|недоставл|не удается доставить|недоставени|teslim edilemiyor|η παράδοση απέτυχε|nelivrabil|no es pot lliurar"
    r"|无法传递|無法傳遞|无法投递|未送达|未傳遞|배달되지 않음|배달할 수 없음"
    r"|غير قابل للتسليم|لا يمكن تسليمه|לא ניתן למסירה"
    r"|प्रेषण विफल|không thể gửi|ไม่สามารถส่ง)[^:：]{0,30}[:：]"
    r"|\W*(?:failure notice|delivery failure|warning: (?:message|could not send)|delayed mail)\b"
    r"|.*\b(?:awaits moderator approval|awaiting moderation|moderator'?s spam report|message rejected)"
    r"|\W*confirm [0-9a-f]{6,}|\W*(?:re: )?please confirm your (?:message|e-?mail)|\W*merci de vous authentifier"
    r"|.*\((?:action required|verification)\)\s*$|\W*(?:re: )?return receipt\b"
    # "Automatic reply:" in more languages than those of the programs' most usual forms.
    r"|\W*(?:resposta automàtica|automatická odpoveď|автоматичен отговор|automatski odgovor|samodejni odgovor"
    r"|trả lời tự động|ตอบกลับอัตโนมัติ|balasan otomatis|jawapan automatik|پاسخ خودکار|automaatne vastus"
    r"|automātiska atbilde"
    r"|automatinis atsakymas|erantzun automatikoa|svar automatisk|sjálfvirkt svar)\s*[:：]",
    re.IGNORECASE,
)
# The prefix of a receipt, before our own subject.
RECEIPT = re.compile(
    r"\W*(?:read|not read|deleted|gelesen|ungelesen gelöscht|gelöscht|lu|non lu|supprimé|leído|no leído"
    r"|eliminado|lida?|não lida?"
    r"|letto|non letto|gelezen|niet gelezen|läst|lest|læst|luettu|przeczytan[eoy]|nieprzeczytan[eoy]|přečteno"
    r"|prečítané"
    r"|elolvasva|olvasott|прочитано|прочетено|citit|okundu|διαβάστηκε|αναγνώστηκε|已读|已讀|開封済み|읽음|נקרא"
    r"|تمت القراءة|پڑھا گیا|पढ़ा गया)"
    r"\s?[:：]\s*(?P<rest>.{3,})",
    re.IGNORECASE,
)
# How servers and lists begin.
BEGINNING = re.compile(
    r"\s*(?:hi\. this is the .{2,40} program at|this is the mail system at host"
    r"|this message was created automatically by mail"
    r"|delivery (?:to the following|has failed)"
    r"|your (?:mail|message) to ['‘\"]?[^\s'\"’]+['’\"]? with the subject\b"
    r"|(?:hello,? )?your message to \S+ was not (?:sent|accepted)|(?:hello,? )?your message .{0,80}\bwas waitlisted\b"
    r"|this is a (?:return|read) receipt for|your message\s+to: .{0,400}?\bwas (?:read|deleted|displayed)\b"
    r"|diese(?:s| ist eine) (?:lese|empfangs)bestätigung|dies ist eine (?:lese|empfangs)bestätigung"
    r"|ceci est un accusé de (?:réception|lecture)|este es un acuse de recibo|este é um recibo|questa è una ricevuta"
    r"|dit is een ontvangstbevestiging)",
    re.IGNORECASE | re.DOTALL,
)
NO_PERSON = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon|microsoftexchange[0-9a-f]{32})(?:@|$)"
    r"|^(?:.*[._+-])?(?:no-?_?reply|do-?_?not-?_?reply|nicht-?antworten|keine-?antwort|ne-?pas-?repondre"
    r"|no-?responder"
    r"|nao-?responda|non-?rispondere|niet-?beantwoorden|nie-?odpowiadaj)(?:[._+-].*)?@"
    r"|^(?:bounces?|mail-?delivery)(?:[+=-].*)?@|-(?:bounces?|request|confirm)(?:[+=].*)?@",
    re.IGNORECASE,
)

# Sentences of automatic answers. One is automatic if it has no others, and tells of an absence and where to turn.
_AWAY = (
    r"out of (?:the )?office|on (?:annual |parental |sick )?leave|away from (?:the|my) (?:office|desk)"
    r"|nicht im (?:büro|haus|dienst)|außer haus|abwesend|in elternzeit|im urlaub"
    r"|absente? d[ue]|absente? jusqu|en congés?|en vacances|fuera de la oficina|ausente|de vacaciones"
    r"|fora do escritório|de férias|fuori ufficio|fuori sede|assente|in ferie|afwezig|niet op kantoor"
    r"|met verlof|met vakantie"
    r"|nieobecn|na urlopie|poza biurem|у відпустці|відсутн|поза офісом|в отпуске|отсутству"
    r"|正在休假|休假中|不在办公室|外出|出差|不在です|休暇|부재중|휴가"
    r"|في إجازة|خارج المكتب|छुट्टी पर|कार्यालय से बाहर|izindeyim|ofis dışında"
)
_TURN_TO = (
    r"urgent|contact|in an emergency|no access|limited access|not be (?:read|forwarded)|(?:reply|respond"
    r"|answer|return|be back) "
    r"|dringend|wenden sie sich|wende dich|keinen zugriff|nicht (?:weitergeleitet|gelesen)|bin ich wieder"
    r"|nach meiner rückkehr"
    r"|urgence|contacte[rz]|à mon retour|urgente|dirij|escrib|a mi regreso|urgência|contact[ea]|regresso"
    r"|urgenz|rivolg|scriver|al mio rientro"
    r"|dringende|mail(?:en|t) naar|neem contact|terugkomst|piln|proszę o kontakt|po powrocie|термінов"
    r"|звертайтеся|після повернення"
    r"|срочн|обращайтесь|紧急|联系|尽快回复|返回|緊急|連絡|긴급|연락|للأمور العاجلة|تواصل|अत्यावश्यक|संपर्क|acil|dönüş"
)
_FORMAL = (
    r"^(?:dear|hello|hi|good (?:day|morning)|hallo|guten tag|liebe[rs]?|sehr geehrte|bonjour|madame|hola"
    r"|buenos días|estimad|olá|bom dia"
    r"|buongiorno|salve|gentile|beste|geachte|dzień dobry|szanown|добрий день|вітаю|здравствуйте|您好|你好|お世話"
    r"|안녕하세요|مرحبا|नमस्ते)\b.{0,40}$"
    r"|^(?:many |vielen |herzlichen |muchas |muito )?(?:thanks?|thank you|dank|danke|merci|gracias|obrigad[oa]"
    r"|grazie|bedankt|dziękuj\w+"
    r"|дякую|спасибо|感谢|谢谢|ありがとう|شكرا|धन्यवाद)\b.{0,80}(?:mail|message|nachricht|courriel|correo|mensaje"
    r"|mensagem|messaggio"
    r"|bericht|wiadomość|лист|листа|письмо|повідомлення|邮件|メール|رسالة|ईमेल)\w*\W*$"
    r"|^(?:best|kind|warm|mit |viele |liebe |freundliche |cordialement|bien |saludos|un saludo|atenciosamente"
    r"|cordiali|met |z poważaniem"
    r"|з повагою|с уважением).{0,40}$|^.{0,60}(?:automatic|automatisch|automatique|automátic|automatic"
    r"|automatyczn|автоматич|自动|自動).{0,60}$"
)
_AWAY_SENTENCE, _TURN_SENTENCE, _FORMAL_SENTENCE = (
    re.compile(words, re.IGNORECASE) for words in (_AWAY, _TURN_TO, _FORMAL)
)
_SENTENCES = re.compile(r"(?<=\D[.!?])\s+|(?<=[。！？])|\n+")
# What a person who is away writes to friends has neither an address nor such a phrase.
_FIRM = re.compile(
    r"\S@\S|\bno access|limited access|not be (?:read|forwarded)|keinen zugriff|nicht (?:weitergeleitet|gelesen)"
    r"|as soon as|so ?bald wie|schnellstmöglich|dès mon retour|dans les meilleurs|lo antes posible|assim que"
    r"|appena possibile"
    r"|zo spoedig|tak szybko|якомога швидше|尽快|折り返し|가능한 빨리|في أقرب وقت|जल्द से जल्द|en kısa sürede",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"\b(?:your|ihre?|votre|su|sua|vostra|uw|twoje|ваш[ае]?) (?:request|ticket|case|message|mail|anfrage"
    r"|vorgang|nachricht|demande"
    r"|solicitud|pedido|mensagem|richiesta|verzoek|zgłoszenie|запит|заявка).{0,60}(?:#|\(|number |nr\.? "
    r"|n[°º] )\d{4,}"
    r".{0,80}(?:received|assigned|created|registered|eingegangen|erstellt|reçue|enregistrée|recibid|registrad|recebid"
    r"|ricevut|ontvangen|przyjęte|отриман|получен)"
    r"|\byour (?:mail|message) has been received and ticket number",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\b(?:but|aber|mais|pero|mas|ma|maar|ale|але|но)\b|但|でも|لكن|लेकिन|[!?！？]", re.IGNORECASE
)
_MOST_CHARS = 1_500


def is_machine_text(text: str) -> bool:
    """Whether a text is one of a server or list, or says nothing but that somebody is away and whom to ask.

    A text with a single sentence of another kind is a person's.
    """
    plain = text.strip()
    if not plain or len(plain) > 20_000:
        return False
    if BEGINNING.match(plain) or (len(plain) < _MOST_CHARS and _TICKET.search(plain[:400])):
        return True
    sentences = [one.strip() for one in _SENTENCES.split(plain[:_MOST_CHARS]) if one.strip()]
    away = any(map(_AWAY_SENTENCE.search, sentences))
    turns = any(_TURN_SENTENCE.search(one) for one in sentences if not _FORMAL_SENTENCE.search(one))
    firm = _FIRM.search(plain) is not None and any(map(str.isdigit, plain))
    return firm and away and turns and len(sentences) > 1 and all(map(_is_formal, sentences))


def _is_formal(sentence: str) -> bool:
    if len(sentence.split()) < 4 and len(sentence) < 30 and sentence[-1] not in ".!?。！？":
        return True  # a name
    # After a "but" comes what a person adds: "I am away, but the idea is great".
    known = any(one.search(sentence) for one in (_AWAY_SENTENCE, _TURN_SENTENCE, _FORMAL_SENTENCE))
    return known and not _BUT.search(sentence)
