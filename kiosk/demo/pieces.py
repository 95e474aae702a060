"""What happened at the sample gathering: its sessions, what forty volunteers recorded, what others said to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleSession:
    """A session: when it begins and ends, in minutes from now."""

    title: str
    room: str
    begins: int
    ends: int
    speakers: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleTakeaway:
    """What one volunteer recorded: in which slot, how long after it began, and what an organizer made of it.

    ``photos``: names of photographs, with ``name/left`` and the like for a part of one. ``spoken``: what is said over
    its first photograph, in a video note; ``language``: the voice that says it.
    """

    slot: int
    minutes: int
    text: str = ""
    author: str = ""
    photos: tuple[str, ...] = ()
    spoken: str = ""
    language: str = "en"
    intent: str = ""
    audience: str = "public"
    consent: str = ""
    fate: str = "approved"
    starred: bool = False


@dataclass(frozen=True)
class SampleReply:
    """What somebody said to a piece (its place in PIECES): here, or at ``place``."""

    piece: int
    text: str
    author: str
    place: str = ""
    shown: bool = True


SLOTS = (
    SampleSession("Community gardens in winter", "Greenhouse", -250, -190, "Rosa Lindqvist"),
    SampleSession("Solar roofs for schools", "Room 2", -180, -120, "Jonas Weber, Mina Farah"),
    SampleSession("A kitchen for everyone", "Kitchen", -110, -50, "Amina Diallo"),
    SampleSession("Repair café: what we mended", "Yard", -40, 50, "Tomasz Nowak"),
    SampleSession("لنزرع معًا", "Room 1", -40, 50, "ليلى حداد"),
    SampleSession("What we do on Monday", "Main hall", 70, 130, "Everybody"),
)
PIECES = (
    SampleTakeaway(
        slot=0,
        minutes=6,
        text="Dahlias outlive the frost under leaves and straw. #garden",
        author="Rosa",
        photos=("dahlia",),
        intent="learned",
        starred=True,
    ),
    SampleTakeaway(
        slot=0,
        minutes=9,
        text="Our compost heap stays at 50 degrees under straw, even in frost. #compost",
        author="Tomasz",
        intent="learned",
    ),
    SampleTakeaway(
        slot=0,
        minutes=14,
        text="Wir tauschen Saatgut im Hof der Schule. #saatgut",
        author="Aylin",
        photos=("kitchen/right",),
        intent="action",
        starred=True,
    ),
    SampleTakeaway(
        slot=0,
        minutes=20,
        text="¿Quién cuida el riego en agosto?",
        author="Lucía",
        intent="question",
    ),
    SampleTakeaway(
        slot=0,
        minutes=27,
        text="A minute about the winter beds.",
        author="Rosa",
        photos=("dahlia/left",),
        spoken="Garlic goes into the ground now, not in spring. Cover it with straw, and do not "
        "water it before March.",
        intent="learned",
    ),
    SampleTakeaway(
        slot=0,
        minutes=33,
        text="Who has a shed for the seed library?",
        author="Imre",
        intent="question",
    ),
    SampleTakeaway(slot=0, minutes=41, text="The gate squeaks. I bring oil.", intent="action"),
    SampleTakeaway(
        slot=0,
        minutes=50,
        text="Our cat keeps the voles away.",
        author="Nuri",
        photos=("cat",),
        audience="community",
    ),
    SampleTakeaway(
        slot=1,
        minutes=5,
        text="A roof like this carries sixteen panels, if the beams are oak. #roofs",
        author="Jonas",
        photos=("roof",),
        intent="learned",
        starred=True,
    ),
    SampleTakeaway(
        slot=1,
        minutes=11,
        text="Ask the town for its roof register before asking for money. #roofs",
        author="Mina",
        intent="idea",
        starred=True,
    ),
    SampleTakeaway(
        slot=1,
        minutes=16,
        text="Los tejados planos necesitan menos permisos.",
        author="Lucía",
        intent="learned",
    ),
    SampleTakeaway(
        slot=1,
        minutes=23,
        text="The school wants to see the sums first. Two evenings at this desk.",
        author="Mina",
        photos=("desk",),
        intent="action",
    ),
    SampleTakeaway(
        slot=1,
        minutes=29,
        text="In nine years it pays for the kitchen.",
        author="Jonas",
        photos=("desk/left",),
        spoken="Sixteen panels pay for the kitchen of the school in nine years. The bank said "
        "twelve, but it forgot the summer.",
        intent="learned",
        starred=True,
    ),
    SampleTakeaway(
        slot=1, minutes=37, text="Who insures a roof that thirty families own?", author="Imre"
    ),
    SampleTakeaway(
        slot=1,
        minutes=44,
        text="Kann man die Speicher gebraucht kaufen?",
        author="Aylin",
        intent="question",
    ),
    SampleTakeaway(
        slot=1, minutes=52, text="I lend my ladder until June.", author="Jo", intent="action"
    ),
    SampleTakeaway(
        slot=2,
        minutes=4,
        text="Everything on this table was going to be thrown away. #food",
        author="Amina",
        photos=("kitchen",),
        intent="learned",
        starred=True,
    ),
    SampleTakeaway(
        slot=2,
        minutes=10,
        text="Free coffee doubled the visitors. We keep the pot on.",
        author="Amina",
        photos=("coffee",),
        intent="idea",
        starred=True,
    ),
    SampleTakeaway(
        slot=2,
        minutes=15,
        text="Un menú por semana, escrito en la puerta.",
        author="Lucía",
        intent="idea",
    ),
    SampleTakeaway(slot=2, minutes=19, text="Label what has nuts in it. Really.", intent="learned"),
    SampleTakeaway(
        slot=2,
        minutes=25,
        text="Was die Küche braucht, in einer Minute.",
        author="Aylin",
        photos=("kitchen/left",),
        spoken="Die Küche braucht drei Töpfe, eine Waage und jemanden, der am Mittwoch aufschließt.",
        language="de",
        intent="action",
    ),
    SampleTakeaway(
        slot=2,
        minutes=31,
        text="Can the kitchen stay open on Fridays?",
        author="Nuri",
        intent="question",
    ),
    SampleTakeaway(
        slot=2,
        minutes=38,
        text="The cups are from four houses, and that is the point.",
        author="Jo",
        photos=("coffee/right",),
    ),
    SampleTakeaway(
        slot=2, minutes=46, text="I cook on the first Monday.", author="Imre", intent="action"
    ),
    SampleTakeaway(
        slot=3,
        minutes=3,
        text="Every tool has a shadow on the wall now, so it comes back. #repair",
        author="Tomasz",
        photos=("tools",),
        intent="learned",
        starred=True,
    ),
    SampleTakeaway(
        slot=3,
        minutes=7,
        text="It runs again! The carburettor was full of rust. #repair",
        author="Nuri",
        photos=("motorcycle", "motorcycle/right"),
        intent="learned",
        starred=True,
    ),
    SampleTakeaway(
        slot=3,
        minutes=11,
        text="Label every screw before you open the toaster.",
        intent="learned",
    ),
    SampleTakeaway(
        slot=3,
        minutes=16,
        text="How to hold a chisel.",
        author="Tomasz",
        photos=("brushes",),
        spoken="Hold it like a pencil, push away from you, and stop before you are tired.",
        intent="learned",
    ),
    SampleTakeaway(
        slot=3,
        minutes=19,
        text="Two cameras and a projector work again. Who has film?",
        author="Jo",
        photos=("cameras",),
        intent="question",
    ),
    SampleTakeaway(
        slot=3,
        minutes=24,
        text="Twelve people want to record their grandparents with them.",
        author="Lucía",
        intent="idea",
        fate="new",
    ),
    SampleTakeaway(
        slot=3,
        minutes=28,
        text="The box of finds goes to the children on Saturday.",
        author="Aylin",
        photos=("finds",),
        intent="action",
        fate="new",
    ),
    SampleTakeaway(slot=3, minutes=30, text="test test", fate="hidden"),
    SampleTakeaway(
        slot=3,
        minutes=33,
        text="My hands, and what they made.",
        photos=("brushes/left",),
        audience="room",
        consent="unsure",
        fate="new",
    ),
    SampleTakeaway(
        slot=4,
        minutes=5,
        text="ازرعوا الثوم الآن، لا في الربيع.",
        author="ليلى",
        photos=("dahlia/right",),
        intent="learned",
    ),
    SampleTakeaway(
        slot=4,
        minutes=9,
        text="من يريد أن يشاركنا البذور؟",
        author="سامر",
        intent="question",
    ),
    SampleTakeaway(
        slot=4,
        minutes=14,
        text="Die Beete am Bahnhof sind frei. Wer macht mit?",
        author="Aylin",
        intent="action",
    ),
    SampleTakeaway(
        slot=4,
        minutes=18,
        text="سنكتب وصفاتنا في هذه الدفاتر.",
        author="سامر",
        photos=("booklets",),
        intent="idea",
    ),
    SampleTakeaway(
        slot=4,
        minutes=23,
        text="La mesa de la mañana.",
        photos=("booklets/left",),
        fate="new",
    ),
    SampleTakeaway(
        slot=4,
        minutes=27,
        text="I translate for the seed swap.",
        author="Mina",
        intent="action",
        fate="new",
    ),
    SampleTakeaway(
        slot=4,
        minutes=31,
        text="Tomatoes in a bathtub: yes.",
        author="Imre",
        intent="learned",
        fate="new",
    ),
)
ANSWERS = (
    SampleReply(9, "The register is on the town's site since May. I send you the page.", "Ines"),
    SampleReply(
        5, "Ours is dry and empty. Come and look on Sunday.", "Bilal", "Neighbourhood blog"
    ),
    SampleReply(21, "If three of us have a key, yes.", "Amina"),
    SampleReply(
        17,
        "We did the same in Leeds, with soup.",
        "Kitchen Collective",
        "Neighbourhood blog",
        False,
    ),
    SampleReply(28, "I have eleven rolls from 1998.", "Teo", "", False),
    SampleReply(2, "Darf man auch Ableger bringen?", "Farida", "", False),
)
# (piece, what is to be done, who, done)
ACTIONS = (
    (2, "Seed swap in the school yard, first Saturday of March", "Aylin", False),
    (11, "Show the school the sums for sixteen panels", "Mina", False),
    (23, "Cook on the first Monday", "Imre", True),
    (35, "Ask the railway for the beds at the station", "Aylin", False),
)
REPORT_TITLE = "One day, six rooms, forty voices"
REPORT_LEAD = "What the neighbourhood learned, tried and promised on one Saturday, told by those who were there."
