"""Answers of clients that no other table has: phones, companies' programs, web mail of Asia and Eastern Europe.

Signed and encrypted forms, lists' footers, inline answers and old charsets among them.
"""

# Mails are kept as they are written, line by line.
# ruff: noqa: E501
from __future__ import annotations

import base64
import quopri

import pytest

from publish.targets.email.automatic import automatic_reason
from publish.targets.email.body import mail_body, parse_mail
from tests.support.publish.mail_answers import ADDRESS, DIGEST, NAME, SENT, SUBJECT, WHO, is_clean

QUOTED = "\n".join(f"> {line}".rstrip() for line in DIGEST)
WHOLE = "\n".join(DIGEST)
# Name, the person's words, the mail.
CASES: list[tuple[str, str, bytes]] = []
HEAD = (
    f"From: Robin Example <robin@mail.example>\r\nTo: {WHO}\r\nSubject: Re: {SUBJECT}\r\n"
    "In-Reply-To: <sr-1a2b3c4d-x@example.org>\r\nMIME-Version: 1.0\r\n"
)


def raw(name: str, own: str, kind: str, body: str | bytes, encoding: str = "8bit") -> None:
    """A mail with this body as it is."""
    data = body.replace("\n", "\r\n").encode() if isinstance(body, str) else body
    head = f"{HEAD}Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    CASES.append((name, own, head.encode() + data))


def plain(
    name: str, own: str, body: str, charset: str = "utf-8", cte: str = "8bit", params: str = ""
) -> None:
    """A mail of plain text."""
    text = body if charset == "utf-8" else body.replace("·", "-")
    data = text.replace("\n", "\r\n").encode(charset)
    data = base64.encodebytes(data) if cte == "base64" else data
    raw(name, own, f"text/plain; charset={charset}{params}", data, cte)


def html(name: str, own: str, body: str, charset: str = "utf-8") -> None:
    """A mail of HTML."""
    data = quopri.encodestring(body.encode(charset, "replace"))
    raw(name, own, f"text/html; charset={charset}", data, "quoted-printable")


OWN = "The seeds came up!\n\nSee you on Monday at 17:00."
# --- English clients
plain(
    "outlook ios",
    OWN,
    f"{OWN}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: {WHO}\nSent: Thursday, December 24, 2026 5:00:00 PM\nTo: Robin Example <robin@mail.example>\nSubject: {SUBJECT}\n\n{WHOLE}\n",
)
plain(
    "outlook ios de",
    "Die Samen sind da!",
    f"Die Samen sind da!\n\nOutlook für iOS beziehen<https://aka.ms/o0ukef>\n________________________________\nVon: {WHO}\nGesendet: Donnerstag, 24. Dezember 2026 17:00\nAn: Robin Example\nBetreff: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "outlook ios fr",
    "Les graines ont levé !",
    f"Les graines ont levé !\n\nTélécharger Outlook pour iOS<https://aka.ms/o0ukef>\n________________________________\nDe : {WHO}\nEnvoyé : jeudi 24 décembre 2026 17:00\nÀ : Robin\nObjet : {SUBJECT}\n\n{WHOLE}",
)
plain(
    "outlook ios ja",
    "芽が出ました！",
    f"芽が出ました！\n\niOS 用 Outlook を入手<https://aka.ms/o0ukef>\n________________________________\n差出人: {WHO}\n送信日時: 2026年12月24日 17:00\n宛先: Robin\n件名: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "outlook mac new",
    OWN,
    f"{OWN}\n\nFrom: {WHO}\nDate: Thursday, December 24, 2026 at 5:00\u202fPM\nTo: Robin Example <robin@mail.example>\nSubject: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "samsung mail",
    OWN,
    f"{OWN}\n\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: {WHO}\nDate: 24/12/2026 17:00 (GMT+00:00)\nTo: robin@mail.example\nSubject: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "samsung fr",
    "Super !",
    f"Super !\n\nEnvoyé depuis mon appareil Galaxy\n\n\n-------- Message d'origine --------\nDe : {WHO}\nDate : 24/12/2026 17:00 (GMT+01:00)\nÀ : robin@mail.example\nObjet : {SUBJECT}\n\n{WHOLE}",
)
plain(
    "samsung it",
    "Ottimo!",
    f"Ottimo!\n\nInviato dal mio dispositivo Samsung Galaxy\n\n-------- Messaggio originale --------\nDa: {WHO}\nData: 24/12/26 17:00 (GMT+01:00)\nA: robin@mail.example\nOggetto: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "samsung pl",
    "Świetnie!",
    f"Świetnie!\n\nWysłano z mojego Galaxy\n\n-------- Oryginalna wiadomość --------\nOd: {WHO}\nData: 24.12.2026 17:00 (GMT+01:00)\nDo: robin@mail.example\nTemat: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "samsung ko",
    "싹이 텄어요!",
    f"싹이 텄어요!\n\nGalaxy에서 보냈습니다.\n\n-------- 원본 이메일 --------\n발신: {WHO}\n날짜: 26/12/24 오후 5:00 (GMT+09:00)\n받은 사람: robin@mail.example\n제목: {SUBJECT}\n\n{WHOLE}",
)
html(
    "spark",
    "The seeds came up!",
    f'<html><head></head><body><div name="messageBodySection"><div dir="auto">The seeds came up!</div></div><div name="messageSignatureSection"><br/><div class="matchFont">Sent from <a href="https://sparkmailapp.com">Spark</a></div></div><div name="messageReplySection">On Dec 24, 2026 at 17:00 +0100, {NAME} &lt;{ADDRESS}&gt;, wrote:<br/><blockquote type="cite">{WHOLE}</blockquote></div></body></html>',
)
html(
    "superhuman",
    "The seeds came up!",
    f'<html><body><div><div>The seeds came up!</div><br/><div class="sh-signature">Sent via <a href="https://sprh.mn/?vip=r">Superhuman</a></div><br/><div class="gmail_quote sh-quoted-content"><div class="gmail_attr">On Thu, Dec 24, 2026 at 5:00 PM, {NAME} &lt;<a href="mailto:{ADDRESS}">{ADDRESS}</a>&gt; wrote:<br/></div><blockquote class="gmail_quote">{WHOLE}</blockquote></div></div></body></html>',
)
html(
    "hey",
    "The seeds came up!",
    f'<!doctype html><html><body><div class="trix-content"><div>The seeds came up!</div></div><br><div>On December 24, 2026, {NAME} &lt;{ADDRESS}&gt; wrote:</div><blockquote>{WHOLE}</blockquote></body></html>',
)
plain(
    "hey plain",
    "The seeds came up!",
    f"The seeds came up!\n\nOn December 24, 2026, {WHO} wrote:\n{QUOTED}",
)
plain(
    "proton",
    OWN,
    f"{OWN}\n\nSent with [Proton Mail](https://proton.me/mail/home) secure email.\n\nOn Thursday, December 24th, 2026 at 5:00 PM, {WHO} wrote:\n\n{QUOTED}",
)
plain(
    "proton mobile",
    "Great",
    f"Great\n\nSent from [Proton Mail](https://proton.me/mail/home) for iOS.\n\n-------- Original Message --------\nOn Thursday, 12/24/26 at 17:00 {WHO} wrote:\n\n{QUOTED}",
)
plain(
    "fastmail",
    OWN,
    f"{OWN}\n\n--\n  Robin Example\n  robin@mail.example\n\nOn Thu, 24 Dec 2026, at 5:00 PM, {NAME} wrote:\n{QUOTED}",
)
plain(
    "k9",
    "Great!",
    f"Great!\n-- \nSent from my Android device with K-9 Mail. Please excuse my brevity.\n\nOn 24 December 2026 17:00:00 CET, {WHO} wrote:\n{QUOTED}",
)
plain(
    "thunderbird mobile",
    "Great!",
    f"Great!\n\nSent from Thunderbird for Android\n\nOn Dec 24, 2026, 17:00, {WHO} wrote:\n{QUOTED}",
)
plain("roundcube nl", "Geweldig!", f"Geweldig!\n\n{NAME} schreef op 2026-12-24 17:00:\n{QUOTED}")
plain("roundcube es", "¡Genial!", f"¡Genial!\n\nEl 2026-12-24 17:00, {NAME} escribió:\n{QUOTED}")
plain(
    "zimbra",
    OWN,
    f'{OWN}\n\n----- Original Message -----\nFrom: "{NAME}" <{ADDRESS}>\nTo: "Robin" <robin@mail.example>\nSent: Thursday, 24 December, 2026 17:00:00\nSubject: {SUBJECT}\n\n{WHOLE}',
)
plain(
    "zimbra fr",
    "Merci !",
    f'Merci !\n\n----- Mail original -----\nDe: "{NAME}" <{ADDRESS}>\nÀ: "Robin" <robin@mail.example>\nEnvoyé: Jeudi 24 Décembre 2026 17:00:00\nObjet: {SUBJECT}\n\n{WHOLE}',
)
html(
    "zimbra html",
    "The seeds came up!",
    f'<html><body><div style="font-family: arial"><div>The seeds came up!<br></div><div><br></div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><blockquote style="border-left:2px solid #1010FF"><b>From: </b>"{NAME}" &lt;{ADDRESS}&gt;<br><b>To: </b>"Robin"<br><b>Sent: </b>Thursday<br><b>Subject: </b>{SUBJECT}<br></blockquote></div><div data-marker="__QUOTED_TEXT__"><blockquote>{WHOLE}</blockquote></div></div></body></html>',
)
plain(
    "lotus notes",
    OWN,
    f'{OWN}\n\n\n\nFrom:\t"{NAME}" <{ADDRESS}>\nTo:\trobin@mail.example\nDate:\t24.12.2026 17:00\nSubject:\t{SUBJECT}\n\n\n\n{WHOLE}',
)
plain(
    "hcl notes",
    OWN + "\n\nMit freundlichen Grüßen / Best regards",
    f'{OWN}\n\nMit freundlichen Grüßen / Best regards\n\nRobin Example\n\n-----"{NAME}" <{ADDRESS}> wrote: -----\nTo: robin@mail.example\nFrom: "{NAME}" <{ADDRESS}>\nDate: 12/24/2026 05:00PM\nSubject: {SUBJECT}\n\n{WHOLE}',
)
plain(
    "lotus old",
    "Great!",
    f"Great!\n\n\n                                                                           \n             {NAME}                                                    \n             <{ADDRESS}>                                                 \n                                                                        To \n             24.12.2026 17:00          robin@mail.example                 \n                                                                        cc \n                                                                           \n                                                                   Subject \n                                       {SUBJECT} \n\n\n{WHOLE}",
)
plain("groupwise", OWN, f'{OWN}\n\n>>> "{NAME}" <{ADDRESS}> 12/24/2026 5:00 PM >>>\n{WHOLE}')
plain("groupwise de", "Toll!", f"Toll!\n\n>>> {NAME} <{ADDRESS}> 24.12.2026 17:00 >>>\n{WHOLE}")
plain(
    "groupwise 2",
    "Great!",
    f"Great!\n\n>>> On 12/24/2026 at 5:00 PM, in message <sr-1@example.org>, {NAME} <{ADDRESS}> wrote:\n{QUOTED}",
)
plain("yandex", "Отлично!", f'Отлично!\n\n24.12.2026, 17:00, "{NAME}" <{ADDRESS}>:\n{QUOTED}')
plain(
    "yandex html text",
    "Отлично!",
    f'Отлично!\n\n----------------\nКому: robin@mail.example (robin@mail.example);\nТема: {SUBJECT};\n24.12.2026, 17:00, "{NAME}" <{ADDRESS}>:\n\n{WHOLE}',
)
html(
    "yandex html",
    "Отлично!",
    f'<div>Отлично!</div><div> </div><div>-- </div><div>Отправлено из мобильного приложения Яндекс Почты</div><div> </div><div>24.12.2026, 17:00, "{NAME}" &lt;{ADDRESS}&gt;:</div><blockquote><p>{WHOLE}</p></blockquote>',
)
html(
    "mailru",
    "Отлично!",
    f'<HTML><BODY><div>Отлично!</div><div> </div><div data-signature-widget="container"><div data-signature-widget="content"><div>--<br>Робин<br>Отправлено из Почты Mail</div></div></div><div> </div><blockquote style="border-left:1px solid #0857A6;margin:10px;padding:0 0 0 10px;">Четверг, 24 декабря 2026, 17:00 +03:00 от {NAME} &lt;{ADDRESS}&gt;:<br> <div id=""><div class="js-helper js-readmsg-msg">{WHOLE}</div></div></blockquote></BODY></HTML>',
)
plain(
    "qq",
    "发芽了！",
    f'发芽了！\n\n\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "{NAME}" <{ADDRESS}>;\n发送时间:&nbsp;2026年12月24日(星期四) 下午5:00\n收件人:&nbsp;"robin"<robin@mail.example>;\n主题:&nbsp;{SUBJECT}\n\n{WHOLE}',
    charset="gb18030",
    cte="base64",
)
html(
    "qq html",
    "发芽了！",
    f'<meta http-equiv="Content-Type" content="text/html; charset=GB18030"><div>发芽了！</div><div><br></div><div><!--emptysign--></div><div><br></div><div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="font-size: 12px;background:#efefef;padding:8px;"><div><b>发件人:</b>&nbsp;"{NAME}"&lt;{ADDRESS}&gt;;</div><div><b>发送时间:</b>&nbsp;2026年12月24日(星期四) 下午5:00</div><div><b>收件人:</b>&nbsp;"robin";</div><div><b>主题:</b>&nbsp;{SUBJECT}</div></div><div><br></div>{WHOLE}',
    charset="gb18030",
)
plain(
    "qq new",
    "发芽了！",
    f"发芽了！\n\n\n\n         原始邮件\n         \n       \n发件人：{NAME} <{ADDRESS}>\n发件时间：2026年12月24日 17:00\n收件人：robin <robin@mail.example>\n主题：{SUBJECT}\n\n\n{WHOLE}",
)
plain(
    "naver",
    "싹이 텄어요!",
    f'싹이 텄어요!\n\n-----Original Message-----\nFrom: "{NAME}"<{ADDRESS}>\nTo: "robin"<robin@mail.example>;\nCc:\nSent: 2026-12-24 (목) 17:00:00 (GMT+09:00)\nSubject: {SUBJECT}\n\n{WHOLE}',
    charset="euc-kr",
)
plain(
    "daum",
    "싹이 텄어요!",
    f'싹이 텄어요!\n\n--------- 원본 메일 ---------\n보낸사람: "{NAME}" <{ADDRESS}>\n받는사람 : robin@mail.example\n날짜: 2026-12-24 17:00 GMT+0900\n제목: {SUBJECT}\n\n{WHOLE}',
    charset="euc-kr",
    cte="base64",
)
plain(
    "netease",
    "发芽了！",
    f'发芽了！\n\n\n\n\n\n\n\n\nAt 2026-12-24 17:00:00, "{NAME}" <{ADDRESS}> wrote:\n>{DIGEST[0]}\n>\n>{DIGEST[2]}',
    charset="gbk",
)
plain(
    "netease master",
    "发芽了！",
    f"发芽了！\n\n\n| |\n罗宾\n|\n|\nrobin@163.com\n|\n\n\n---- 回复的原邮件 ----\n| 发件人 | {WHO} |\n| 日期 | 2026年12月24日 17:00 |\n| 收件人 | robin@163.com |\n| 主题 | {SUBJECT} |\n{WHOLE}",
)
plain(
    "foxmail",
    "发芽了！",
    f"发芽了！\n\n\n\nrobin@mail.example\n \n发件人： {NAME}\n发送时间： 2026-12-24 17:00\n收件人： robin\n主题： {SUBJECT}\n{WHOLE}",
)
plain(
    "yahoo jp",
    "芽が出ました！",
    f"芽が出ました！\n\n----- Original Message -----\n{WHO}\nTo: robin@mail.example\nDate: 2026/12/24, Thu 17:00\nSubject: {SUBJECT}\n\n{QUOTED}",
    charset="iso-2022-jp",
)
plain(
    "yahoo jp 2",
    "芽が出ました！",
    f"芽が出ました！\n\n--- {ADDRESS} wrote:\n\n{QUOTED}",
    charset="iso-2022-jp",
)
plain(
    "docomo",
    "芽が出ました！\n月曜日に会いましょう。",
    f"芽が出ました！\n月曜日に会いましょう。\n\n---------- Original Message ----------\n差出人: {NAME}\n日時: 2026/12/24 17:00\n件名: {SUBJECT}\n\n{WHOLE}",
    charset="iso-2022-jp",
)
plain(
    "becky",
    "芽が出ました！",
    f"芽が出ました！\n\nOn Thu, 24 Dec 2026 17:00:00 +0900\n{WHO} wrote:\n\n{QUOTED}\n\n--\nロビン",
    charset="iso-2022-jp",
)
plain(
    "gmail ja",
    "芽が出ました！",
    f"芽が出ました！\n\n2026年12月24日(木) 17:00 {WHO}:\n\n{QUOTED}",
    cte="base64",
)
plain(
    "apple ja",
    "芽が出ました！",
    f"芽が出ました！\n\niPhoneから送信\n\n2026/12/24 17:00、{WHO}のメール:\n\n{QUOTED}",
)
plain(
    "koi8-u",
    "Насіння зійшло! Їх ґанок",
    f"Насіння зійшло! Їх ґанок\n\n24.12.26 17:00, {NAME} пише:\n{QUOTED}",
    charset="koi8-u",
)
plain(
    "koi8-r",
    "Семена взошли!",
    f"Семена взошли!\n\n24 декабря 2026 г., 17:00, {WHO} написал:\n{QUOTED}",
    charset="koi8-r",
)
plain(
    "win-1251 bat",
    "Семена взошли!",
    "Здравствуйте, Spring.\n\nВы писали 24 декабря 2026 г., 17:00:00:\n\nSR> Gardens in winter\nSR> Seeds need light\n\nСемена взошли!\n\n-- \nС уважением,\n Robin  mailto:robin@mail.example".replace(
        "Здравствуйте, Spring.\n\n", ""
    ),
    charset="windows-1251",
)
# --- forms
plain(
    "inline",
    "Yes, we did.\n\nNo, on Monday.",
    f"On 12/24/26 17:00, {NAME} wrote:\n> Gardens in winter\n\nYes, we did.\n\n> Seeds need light\n\nNo, on Monday.\n",
)
plain("bottom", OWN, f"On 12/24/26 17:00, {NAME} wrote:\n{QUOTED}\n\n{OWN}\n")
plain(
    "bottom sig",
    OWN,
    f"On 12/24/26 17:00, {NAME} wrote:\n{QUOTED}\n\n{OWN}\n\n-- \nRobin Example\n+49 30 123\n",
)
plain(
    "sig no dashes",
    "The seeds came up!\n\nBest,\nRobin",
    f"The seeds came up!\n\nBest,\nRobin\n\nRobin Example\nHead of Gardens | Example Ltd.\nT: +49 30 1234567 | M: +49 170 1234567\nwww.example.com\n\nFrom: {WHO}\nSent: 24 December 2026 17:00\nTo: Robin\nSubject: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "disclaimer",
    "The seeds came up!",
    f"The seeds came up!\n\n\nThis email and any attachments are confidential and may be privileged. If you are not the intended recipient, please delete it and notify the sender immediately.\n\nFrom: {WHO}\nSent: 24 December 2026 17:00\nTo: Robin\nSubject: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "disclaimer de",
    "Die Samen sind da!",
    f"Die Samen sind da!\n\nDiese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail.\n\nAm 24.12.2026 um 17:00 schrieb {NAME}:\n{QUOTED}",
)
plain(
    "disclaimer fr",
    "Super !",
    f"Super !\n\nCe message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de ses destinataires.\n\nLe 24/12/2026 à 17:00, {NAME} a écrit :\n{QUOTED}",
)
plain(
    "external banner",
    "The seeds came up!",
    f"CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender.\n\nThe seeds came up!\n\nFrom: {WHO}\nSent: 24 December 2026 17:00\nTo: Robin\nSubject: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "list footer",
    "The seeds came up!",
    f"The seeds came up!\n\nOn 12/24/26 17:00, {NAME} wrote:\n{QUOTED}\n_______________________________________________\nGarden mailing list -- garden@lists.example.org\nTo unsubscribe send an email to garden-leave@lists.example.org\n",
)
plain(
    "google groups",
    "The seeds came up!",
    f'The seeds came up!\n\nOn Thu, Dec 24, 2026 at 5:00 PM {WHO} wrote:\n{QUOTED}\n\n-- \nYou received this message because you are subscribed to the Google Groups "Garden" group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to garden+unsubscribe@googlegroups.com.\n',
)
plain(
    "groups.io",
    "The seeds came up!",
    "The seeds came up!\n\n\n-=-=-=-=-=-=-=-=-=-=-=-\nGroups.io Links: You receive all messages sent to this group.\nView/Reply Online (#1): https://groups.io/g/garden/message/1\nMute This Topic: https://groups.io/mt/1\n-=-=-=-=-=-=-=-=-=-=-=-\n",
)
plain(
    "avast",
    "The seeds came up!",
    f"The seeds came up!\n\n-- \nDiese E-Mail wurde von Avast-Antivirussoftware auf Viren geprüft.\nwww.avast.com\n\nAm 24.12.2026 um 17:00 schrieb {NAME}:\n{QUOTED}",
)
plain(
    "pgp inline",
    "The seeds came up!",
    f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nThe seeds came up!\n\nOn 12/24/26 17:00, {NAME} wrote:\n{QUOTED}\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n",
)
plain(
    "pgp dash escaped",
    "- tomatoes\n- leeks",
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n- - tomatoes\n- - leeks\n\n- -- \nRobin\n-----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v2\n\niQEzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n",
)
raw(
    "pgp mime",
    "The seeds came up!",
    'multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary="b"',
    f'This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\n--b\nContent-Type: multipart/mixed; boundary="c"; protected-headers="v1"\nSubject: Re: {SUBJECT}\n\n--c\nContent-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\nThe seeds came up!\n\nOn 12/24/26 17:00, {NAME} wrote:\n{QUOTED}\n--c\nContent-Type: application/pgp-keys; name="OpenPGP_0x1.asc"\nContent-Disposition: attachment; filename="OpenPGP_0x1.asc"\n\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxsB\n-----END PGP PUBLIC KEY BLOCK-----\n--c--\n\n--b\nContent-Type: application/pgp-signature; name="OpenPGP_signature.asc"\n\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n--b--\n',
)
raw(
    "smime",
    "The seeds came up!",
    'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="b"',
    f'This is a cryptographically signed message in MIME format.\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nThe seeds came up!\n\nOn 12/24/26 17:00, {NAME} wrote:\n{QUOTED}\n--b\nContent-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="smime.p7s"\n\nMIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgEFADCABgkqhkiG9w0BBwEAAKCC\n--b--\n',
)
raw(
    "related",
    "The seeds came up!",
    'multipart/related; boundary="r"; type="multipart/alternative"',
    f'--r\nContent-Type: multipart/alternative; boundary="a"\n\n--a\nContent-Type: text/plain; charset=utf-8\n\nThe seeds came up!\n\n[cid:image001.png@01D]\n\nFrom: {WHO}\nSent: Thursday, December 24, 2026 5:00 PM\nTo: Robin\nSubject: {SUBJECT}\n\n{WHOLE}\n--a\nContent-Type: text/html; charset=utf-8\n\n<html><body><p class=MsoNormal>The seeds came up!</p><img src="cid:image001.png@01D"></body></html>\n--a--\n\n--r\nContent-Type: image/png; name="image001.png"\nContent-ID: <image001.png@01D>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r--\n',
)
raw(
    "mixed photo first",
    "Look at this!",
    'multipart/mixed; boundary="m"',
    f'--m\nContent-Type: image/jpeg; name="IMG_1.jpg"\nContent-Disposition: inline; filename="IMG_1.jpg"\nContent-Transfer-Encoding: base64\n\n/9j/4AAQ\n--m\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n\n\nLook at this!\n\nSent from my iPhone\n\n> On 24 Dec 2026, at 17:00, {WHO} wrote:\n> \n> {SUBJECT}\n--m--\n',
)
raw(
    "qp soft breaks",
    "A very long line that a program breaks with equals signs, über 76 Zeichen lang, and goes on.",
    "text/plain; charset=iso-8859-1",
    "A very long line that a program breaks with equals signs, =FCber 76 Zeic=\nhen lang, and goes on.=20\n\nOn 12/24/26 17:00, Spring Reporter of the Neighbourhood w=\nrote:\n> Spring gathering: 2 new stories\n",
    "quoted-printable",
)
plain(
    "flowed",
    "This is one paragraph that was wrapped by the program as flowed text and is one line.",
    f"This is one paragraph that was wrapped by the program \nas flowed text and is one line.\n\nOn 12/24/26 17:00, {NAME} wrote:\n{QUOTED}",
    params="; format=flowed",
)
plain(
    "flowed delsp",
    "種が芽を出しました。とてもうれしいです。",
    f"種が芽を出しま \nした。とてもう \nれしいです。\n\n2026/12/24 17:00、{WHO}のメール:\n\n{QUOTED}",
    params="; format=flowed; delsp=yes",
)
plain(
    "flowed stuffed",
    "From here it grows.\n> is greater",
    f" From here it grows.\n > is greater\n\nOn 12/24/26 17:00, {NAME} wrote:\n{QUOTED}",
    params="; format=flowed",
)
plain(
    "utf-7",
    "Grüße, die Samen sind da!",
    f"Grüße, die Samen sind da!\n\nAm 24.12.2026 um 17:00 schrieb {NAME}:\n{QUOTED}",
    charset="utf-7",
)
plain(
    "utf-16",
    "Grüße!",
    f"Grüße!\n\nAm 24.12.2026 um 17:00 schrieb {NAME}:\n{QUOTED}",
    charset="utf-16",
    cte="base64",
)
plain(
    "iso-8859-8-i",
    "הזרעים נבטו!",
    f"הזרעים נבטו!\n\n-----הודעה מקורית-----\nמאת: {NAME} [mailto:{ADDRESS}]\nנשלח: יום חמישי 24 דצמבר 2026 17:00\nאל: robin\nנושא: {SUBJECT}\n\n{WHOLE}".replace(
        "–", "-"
    ).replace("·", "-"),
    charset="iso-8859-8",
)
plain(
    "windows-874",
    "เมล็ดงอกแล้ว!",
    f"เมล็ดงอกแล้ว!\n\nในวันที่ พฤ. 24 ธ.ค. 2026 เวลา 17:00 {WHO} เขียนว่า:\n" + QUOTED.replace("·", "-"),
    charset="cp874",
)
plain(
    "big5",
    "種子發芽了！",
    f"種子發芽了！\n\n{WHO} 於 2026年12月24日 週四 下午5:00寫道：\n\n{QUOTED}",
    charset="big5",
)
html(
    "gmail mobile html",
    "The seeds came up!",
    f'<div dir="auto">The seeds came up!</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Thu, Dec 24, 2026, 17:00 {NAME} &lt;<a href="mailto:{ADDRESS}">{ADDRESS}</a>&gt; wrote:<br></div><blockquote class="gmail_quote">{WHOLE}</blockquote></div>',
)
html(
    "outlook new html",
    "The seeds came up!",
    f'<html><body dir="ltr"><div class="elementToProof" style="font-family: Aptos">The seeds came up!</div><div id="ms-outlook-mobile-signature"><br>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> {NAME}<br><b>Sent:</b> Thursday<br><b>To:</b> Robin<br><b>Subject:</b> {SUBJECT}</font></div><div>{WHOLE}</div></body></html>',
)
html(
    "apple html",
    "The seeds came up!",
    f'<html><head></head><body style="overflow-wrap: break-word;">The seeds came up!<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>On Dec 24, 2026, at 17:00, {NAME} &lt;{ADDRESS}&gt; wrote:</div><br class="Apple-interchange-newline"><div>{WHOLE}</div></blockquote></div><br></body></html>',
)
html(
    "missive",
    "The seeds came up!",
    f'<div class="missive_signature"></div><p>The seeds came up!</p><div class="missive_quote">On December 24, 2026 at 5:00 PM, {NAME} &lt;{ADDRESS}&gt; wrote:<blockquote class="missive_quote">{WHOLE}</blockquote></div>',
)
html(
    "front",
    "The seeds came up!",
    f'<div>The seeds came up!</div><div class="front-signature"><p>Robin | Example</p></div><blockquote type="cite" class="front-blockquote">On December 24, 2026 at 5:00 PM GMT+1, {NAME} &lt;{ADDRESS}&gt; wrote:<br>{WHOLE}</blockquote>',
)
html(
    "tutanota",
    "The seeds came up!",
    f'<html><head></head><body><div>The seeds came up!<br></div><div><br></div><div>--<br></div><div> Sent with Tuta; enjoy secure &amp; ad-free emails: <br></div><div> https://tuta.com<br></div><div><br></div><div><br></div><div>24. Dez. 2026, 17:00 von {ADDRESS}:<br></div><blockquote class="tutanota_quote"><div>{WHOLE}</div></blockquote></body></html>',
)
html(
    "canary",
    "The seeds came up!",
    f'<div>The seeds came up!</div><div class="CanarySig">Sent from <a href="https://canarymail.io">Canary</a></div><blockquote class="CanaryQuote"><div>On Thursday, Dec 24, 2026 at 5:00 PM, {NAME} &lt;{ADDRESS}&gt; wrote:</div><div>{WHOLE}</div></blockquote>',
)
html(
    "bluemail",
    "The seeds came up!",
    f'<div dir="auto">The seeds came up!</div><div dir="auto">Get <a href="https://bluemail.me/download/">BlueMail for Android</a></div><div class="gmail_quote">On 24 Dec 2026, at 17:00, {NAME} &lt;{ADDRESS}&gt; wrote:<blockquote class="gmail_quote">{WHOLE}</blockquote></div>',
)
plain(
    "bluemail plain",
    "Great",
    f"Great\n\nGet BlueMail for Android\n\nOn 24 Dec 2026, 17:00, at 17:00, {NAME} <{ADDRESS}> wrote:\n{QUOTED}".replace(
        "{", ""
    ).replace("}", ""),
)
plain(
    "aqua mail",
    "Great",
    f"Great\n\n\nSent with Aqua Mail for Android\nhttps://www.mobisystems.com/aqua-mail\n\n\nOn 24 December 2026 17:00:00 {WHO} wrote:\n\n{QUOTED}",
)
plain("fairemail", "Great", f"Great\n\n24 Dec 2026 17:00:00 {WHO}:\n\n{QUOTED}")
plain(
    "nine",
    "Great",
    f"Great\n\nSent from Nine\n________________________________\nFrom: {WHO}\nSent: Thursday, 24 December 2026 17:00\nTo: robin@mail.example\nSubject: {SUBJECT}\n\n{WHOLE}",
)
plain(
    "edison",
    "Great",
    f"Great\n\nSent from Edison Mail\n\nOn Dec 24, 2026 at 5:00 PM, {NAME} <{ADDRESS}> wrote:\n\n{WHOLE}",
)
plain(
    "airmail",
    "Great",
    f"Great\n\nOn 24 December 2026 at 17:00:00, {NAME} ({ADDRESS}) wrote:\n\n{WHOLE}",
)
plain(
    "mailspring",
    "Great",
    f"Great\n\nSent from Mailspring (https://getmailspring.com/), the best free email app for work\nOn Dec 24 2026, at 5:00 pm, {NAME} <{ADDRESS}> wrote:\n{QUOTED}",
)
plain("posteo/horde", "Toll", f"Toll\n\n\nZitat von {WHO}:\n\n{QUOTED}\n\n")
plain(
    "web.de app",
    "Toll",
    f"Toll\n-- \nDiese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.\nAm 24.12.26, 17:00 schrieb {NAME} <{ADDRESS}>:\n\n{WHOLE}",
)
plain(
    "t-online",
    "Toll",
    f'Toll\n\n\n-----Original-Nachricht-----\nBetreff: {SUBJECT}\nDatum: 2026-12-24T17:00:00+0100\nVon: "{NAME}" <{ADDRESS}>\nAn: "robin@mail.example" <robin@mail.example>\n\n{WHOLE}',
)
plain(
    "gmail pt",
    "As sementes nasceram!",
    f"As sementes nasceram!\n\nEm qui., 24 de dez. de 2026 às 17:00, {NAME} <\n{ADDRESS}> escreveu:\n\n{QUOTED}",
)
plain(
    "gmail ar",
    "نبتت البذور!",
    f"نبتت البذور!\n\n\u202bفي الخميس، 24 ديسمبر 2026 في 5:00 م تمت كتابة ما يلي بواسطة \u202a{NAME}\u202c\u200f <\u202a{ADDRESS}\u202c\u200f>:\u202c\n\n{QUOTED}",
)


@pytest.mark.parametrize("case", CASES, ids=[name for name, _, _ in CASES])
def test_only_the_persons_words_are_read(case: tuple[str, str, bytes]) -> None:
    _, own, data = case
    mail = parse_mail(data)
    assert automatic_reason(mail, f"Re: {SUBJECT}", "robin@mail.example", SUBJECT) == ""
    text = mail_body(mail).own(SENT, "Robin Example", "robin@mail.example")
    assert is_clean(text, own), text
