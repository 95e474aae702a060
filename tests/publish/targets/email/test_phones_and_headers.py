"""Sixty answers as phones and programs of today write them, each above the digest that it quotes."""

# Mails are kept as they are written, line by line.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from publish.targets.email.quotations import SentMail, own_words

NAME, ADDRESS, SUBJECT = (
    "Frühlingsfest Hof 9",
    "reporter@hof9.example",
    "Frühlingsfest: 2 neue Geschichten",
)
WHO = f"{NAME} <{ADDRESS}>"
DIGEST = f"{SUBJECT}\n\nKompost für Anfänger\nSamstag, 14. März, 10:00 · 3 Mitbringsel\n? Wer bringt den Häcksler mit?\n[sr-1a2b3c4d-abcde]"
MARKED = "\n".join(f"> {line}".rstrip() for line in DIGEST.split("\n"))

# (name, what the person wrote, what the phone puts below it, how the quotation is introduced)
PHONES = (
    (
        "de",
        "Super!",
        "Gesendet von meinem Pixel 9 Pro",
        "Am Sa., 14. März 2026 um 22:15 schrieb {who}:",
    ),
    (
        "de2",
        "Super!",
        "Von meinem Fairphone gesendet",
        "Am Sa., 14. März 2026 um 22:15 schrieb {who}:",
    ),
    ("de3", "Super!", "Gesendet mit der GMX Mail App", "Am 14.03.26, 22:15 schrieb {who}:"),
    ("de4", "Super!", "Gesendet mit der Web.de App", "Am 14.03.26, 22:15 schrieb {who}:"),
    (
        "de5",
        "Super!",
        "Diese Nachricht wurde von meinem Android-Mobiltelefon mit 1&1 Mail gesendet.",
        "Am 14.03.26, 22:15 schrieb {who}:",
    ),
    ("de6", "Super!", "Gesendet aus Proton Mail für iOS", "Am 14.03.26, 22:15 schrieb {who}:"),
    (
        "fr",
        "Super !",
        "Envoyé de mon téléphone mobile",
        "Le sam. 14 mars 2026 à 22:15, {who} a écrit :",
    ),
    (
        "fr2",
        "Super !",
        "Envoyé depuis mon mobile Orange",
        "Le sam. 14 mars 2026 à 22:15, {who} a écrit :",
    ),
    (
        "fr3",
        "Super !",
        "Télécharger Outlook pour Android<https://aka.ms/AAb9ysg>",
        "Le sam. 14 mars 2026 à 22:15, {who} a écrit :",
    ),
    (
        "fr4",
        "Super !",
        "Envoyé à partir d’Outlook pour iOS<https://aka.ms/o0ukef>",
        "Le sam. 14 mars 2026 à 22:15, {who} a écrit :",
    ),
    ("es", "¡Bien!", "Enviado desde mi Xiaomi", "El sáb, 14 mar 2026 a las 22:15, {who} escribió:"),
    (
        "es2",
        "¡Bien!",
        "Enviado desde Proton Mail para Android.",
        "El sáb, 14 mar 2026 a las 22:15, {who} escribió:",
    ),
    (
        "es3",
        "¡Bien!",
        "Enviado desde Yahoo Mail para Android",
        "El sáb, 14 mar 2026 a las 22:15, {who} escribió:",
    ),
    (
        "pt",
        "Bom!",
        "Enviado do meu smartphone Samsung Galaxy.",
        "Em sáb., 14 de mar. de 2026 22:15, {who} escreveu:",
    ),
    (
        "pt2",
        "Bom!",
        "Enviado do Yahoo Mail no Android",
        "Em sáb., 14 de mar. de 2026 22:15, {who} escreveu:",
    ),
    (
        "pl",
        "Super!",
        "Wysłano z aplikacji Outlook dla systemu Android<https://aka.ms/AAb9ysg>",
        "sob., 14 mar 2026 o 22:15 {who} napisał(a):",
    ),
    (
        "pl2",
        "Super!",
        "Wysłane z telefonu Samsung Galaxy.",
        "sob., 14 mar 2026 o 22:15 {who} napisał(a):",
    ),
    ("uk", "Так!", "Надіслано з мого телефону", "сб, 14 бер. 2026 р. о 22:15 {who} пише:"),
    ("uk2", "Так!", "Відправлено з iPhone", "сб, 14 бер. 2026 р. о 22:15 {who} пише:"),
    ("ja", "はい！", "スマートフォンから送信", "2026年3月14日(土) 22:15 {who}:"),
    ("ja2", "はい！", "Galaxyから送信", "2026年3月14日(土) 22:15 {who}:"),
    ("ja3", "はい！", "Yahoo!メールアプリから送信", "2026年3月14日(土) 22:15 {who}:"),
    ("zh", "好！", "从我的 iPhone 发送", "{who} 于2026年3月14日周六 22:15写道："),
    ("zh2", "好！", "来自我的小米手机", "{who} 于2026年3月14日周六 22:15写道："),
    ("zh3", "好！", "发自 Outlook for iOS", "{who} 于2026年3月14日周六 22:15写道："),
    ("zh4", "好！", "發送自我的 Galaxy", "{who} 於 2026年3月14日 週六 22:15 寫道："),
    (
        "ar",
        "نعم!",
        "أُرسلت من جهاز iPhone الخاص بي",
        "في السبت، 14 مارس 2026 في 10:15 م تمت كتابة ما يلي بواسطة {who}:",
    ),
    (
        "ar2",
        "نعم!",
        "أُرسلت من هاتف Galaxy",
        "في السبت، 14 مارس 2026 في 10:15 م تمت كتابة ما يلي بواسطة {who}:",
    ),
    ("hi", "हाँ!", "मेरे Galaxy से भेजा गया", "शनि, 14 मार्च 2026 को 10:15 pm बजे को {who} ने लिखा:"),
    (
        "tr",
        "Evet!",
        "Galaxy cihazımdan gönderildi",
        "{who}, 14 Mar 2026 Cmt, 22:15 tarihinde şunu yazdı:",
    ),
    ("tr2", "Evet!", "iPhone’umdan gönderildi", "{who} şunları yazdı (14 Mar 2026 22:15):"),
    ("nl", "Ja!", "Verzonden vanaf mijn Galaxy", "Op za 14 mrt 2026 om 22:15 schreef {who}:"),
    (
        "it",
        "Sì!",
        "Inviato dal mio dispositivo Samsung",
        "Il giorno sab 14 mar 2026 alle ore 22:15 {who} ha scritto:",
    ),
    ("it2", "Sì!", "Inviato da Libero Mail per Android", "Il 14/03/2026 22:15 {who} ha scritto:"),
    ("ko", "네!", "내 Galaxy에서 보냄", "2026년 3월 14일 (토) 오후 10:15, {who}님이 작성:"),
    (
        "vi",
        "Vâng!",
        "Đã gửi từ iPhone của tôi",
        "Vào Th 7, 14 thg 3, 2026 lúc 22:15 {who} đã viết:",
    ),
    (
        "id",
        "Ya!",
        "Dikirim dari iPhone saya",
        "Pada tanggal Sab, 14 Mar 2026 pukul 22.15 {who} menulis:",
    ),
    (
        "ro",
        "Da!",
        "Trimis de pe telefonul meu Galaxy",
        "În sâm., 14 mar. 2026 la 22:15, {who} a scris:",
    ),
    (
        "cs",
        "Ano!",
        "Odesláno z mého zařízení Galaxy",
        "so 14. 3. 2026 v 22:15 odesílatel {who} napsal:",
    ),
    (
        "hu",
        "Igen!",
        "Elküldve a Galaxy készülékemről",
        "{who} ezt írta (időpont: 2026. márc. 14., Szo, 22:15):",
    ),
    (
        "el",
        "Ναι!",
        "Εστάλη από το iPhone μου",
        "Στις Σάβ 14 Μαρ 2026 στις 10:15 μ.μ., ο/η {who} έγραψε:",
    ),
    ("he", "כן!", "נשלח מה-Galaxy שלי", "‫בתאריך שבת, 14 במרץ 2026 ב-22:15 מאת {who}:‬"),
    ("fa", "بله!", "از iPhone من ارسال شد", "در تاریخ شنبه ۱۴ مارس ۲۰۲۶،‏ ۲۲:۱۵ {who} نوشت:"),
    ("sv", "Ja!", "Skickat från min Galaxy", "Den lör 14 mars 2026 22:15 {who} skrev:"),
    ("da", "Ja!", "Sendt fra min Galaxy", "Den lør. 14. mar. 2026 kl. 22.15 skrev {who}:"),
    (
        "fi",
        "Joo!",
        "Lähetetty Galaxy-laitteestani",
        "la 14. maalisk. 2026 klo 22.15 {who} kirjoitti:",
    ),
    (
        "no",
        "Ja!",
        "Sendt fra Outlook for Android<https://aka.ms/AAb9ysg>",
        "lør. 14. mars 2026 kl. 22:15 skrev {who}:",
    ),
    (
        "en",
        "Yes!",
        "Sent from my T-Mobile 5G Device",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
    (
        "en2",
        "Yes!",
        "Sent from my Verizon, Samsung Galaxy smartphone",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
    ("en3", "Yes!", "Sent from Gmail for iPhone", "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:"),
    (
        "en4",
        "Yes!",
        "Sent from my phone, please excuse typos.",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
    ("en5", "Yes!", "Sent via BT Email App", "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:"),
    (
        "en6",
        "Yes!",
        "Sent with [Proton Mail](https://pr.tn/ref/X) secure email.",
        "On Saturday, March 14th, 2026 at 10:15 PM, {who} wrote:",
    ),
    (
        "en7",
        "Yes!",
        "Sent from Thunderbird for Android",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
    (
        "en8",
        "Yes!",
        "Sent with Vivaldi Mail. Download Vivaldi for free at vivaldi.com",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
    ("en9", "Yes!", "Sent from my Chromebook", "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:"),
    ("en10", "Yes!", "Sent from iCloud", "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:"),
    (
        "en11",
        "Yes!",
        "Sent from a mobile device. Apologies for brevity.",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
    (
        "en12",
        "Yes!",
        "Get Outlook for Mac <https://aka.ms/GetOutlookForMac>",
        "On Sat, Mar 14, 2026, 10:15 PM {who} wrote:",
    ),
)

# (name, what the person wrote, a rule or a device and the header above what is quoted without a mark)
HEADERS = (
    (
        "outlook de",
        "VG\nRobin",
        "________________________________\nVon: {who}\nGesendet: Samstag, 14. März 2026 22:15\nAn: robin@post.example <robin@post.example>\nBetreff: {subject}",
    ),
    (
        "outlook ios es",
        "Yo la llevo.",
        "Obtener Outlook para iOS<https://aka.ms/o0ukef>\n________________________________\nDe: {who}\nEnviado: sábado, marzo 14, 2026 10:15:08 p. m.\nPara: r@post.example <r@post.example>\nAsunto: {subject}",
    ),
    (
        "outlook ar",
        "سأحضرها",
        "احصل على Outlook لـ Android<https://aka.ms/AAb9ysg>\n________________________________\n\u200f\u200fمن: {who}\n\u200f\u200fتم الإرسال: السبت, 14 مارس, 2026 10:15 م\n\u200f\u200fإلى: r@post.example\n\u200f\u200fالموضوع: {subject}",
    ),
    (
        "outlook ja",
        "持っていきます。",
        "Outlook for Android<https://aka.ms/AAb9ysg> を入手\n________________________________\n差出人: {who}\n送信日時: 2026年3月14日土曜日 22:15\n宛先: r@post.example\n件名: {subject}",
    ),
    (
        "outlook zh",
        "我会带来。",
        "获取 Outlook for Android<https://aka.ms/AAb9ysg>\n________________________________\n发件人: {who}\n已发送: 星期六, 三月 14, 2026 10:15:08 下午\n收件人: r@post.example\n主题: {subject}",
    ),
    (
        "outlook mac fr",
        "Je l'apporte.",
        "De : {who}\nDate : samedi, 14 mars 2026 à 22:15\nÀ : r@post.example\nObjet : {subject}",
    ),
    (
        "zimbra de",
        "Ich bring ihn mit.",
        '\nVon: "Frühlingsfest Hof 9" <reporter@hof9.example>\nAn: "robin" <r@post.example>\nGesendet: Samstag, 14. März 2026 22:15:08\nBetreff: {subject}',
    ),
    (
        "zimbra es",
        "Yo la llevo",
        '\nDe: "Frühlingsfest Hof 9" <reporter@hof9.example> \nPara: "robin" <r@post.example> \nEnviados: Sábado, 14 de Marzo 2026 22:15:08 \nAsunto: {subject} ',
    ),
    (
        "samsung pl",
        "Przywiozę",
        "Wysłane z urządzenia Galaxy\n\n\n-------- Oryginalna wiadomość --------\nOd: {who}\nData: 14.03.2026 22:15 (GMT+01:00)\nDo: r@post.example\nTemat: {subject}",
    ),
    (
        "samsung uk",
        "Привезу",
        "Надіслано з пристрою Galaxy\n\n\n-------- Вихідне повідомлення --------\nВід: {who}\nДата: 14.03.26 22:15 (GMT+02:00)\nКому: r@post.example\nТема: {subject}",
    ),
    (
        "fairemail",
        "Ich bring ihn mit.",
        "-------- Ursprüngliche Nachricht --------\nVon: {who}\nAn: r@post.example\nDatum: 14. März 2026 22:15:08 MEZ\nBetreff: {subject}",
    ),
    (
        "foxmail",
        "我会带来。",
        "发件人： Frühlingsfest Hof 9\n发送时间： 2026-03-14 22:15\n收件人： robin\n主题： {subject}",
    ),
    (
        "aliyun",
        "我会带来。",
        "------------------------------------------------------------------\n发件人：{who}\n发送时间：2026年3月14日(周六) 22:15\n收件人：robin <r@post.example>\n主　题：{subject}",
    ),
    (
        "yahoo jp",
        "持っていきます！",
        "----- Original Message -----\nFrom: {who}\nTo: r@post.example\nDate: 2026/03/14 土 22:15\nSubject: {subject}",
    ),
)


@pytest.mark.parametrize(("name", "own", "device", "intro"), PHONES, ids=[row[0] for row in PHONES])
def test_answers_from_phones(name: str, own: str, device: str, intro: str) -> None:
    mail = f"{own}\n\n{device}\n\n{intro.format(who=WHO)}\n\n{MARKED}\n"
    assert own_words(mail, SentMail(NAME, ADDRESS, SUBJECT)) == own


@pytest.mark.parametrize(("name", "own", "head"), HEADERS, ids=[row[0] for row in HEADERS])
def test_answers_above_a_header(name: str, own: str, head: str) -> None:
    mail = f"{own}\n\n{head.format(who=WHO, subject=SUBJECT)}\n\n{DIGEST}\n"
    assert own_words(mail, SentMail(NAME, ADDRESS, SUBJECT)) == own
