"""Parts of the world that a report may ask for: region -> ISO 3166-1 alpha-2 codes of its countries.

Example::

    region_of("DE")     # 'europe'
"""

from __future__ import annotations

_CODES = {
    "north_america": "BM CA GL MX PM US",
    "latin_america": (
        "AG AI AR AW BB BL BO BQ BR BS BV BZ CL CO CR CU CW DM DO EC FK GD GF GP GS GT GY HN HT JM KN KY LC MF MQ MS "
        "NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI"
    ),
    "europe": (
        "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME "
        "MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"
    ),
    "middle_east": "AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE",
    "africa": (
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA "
        "NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW"
    ),
    "asia": (
        "AF AM AZ BD BN BT CC CN CX GE HK ID IN IO JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW "
        "UZ VN"
    ),
    "oceania": "AS AU CK FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
}
REGIONS: dict[str, tuple[str, ...]] = {name: tuple(codes.split()) for name, codes in _CODES.items()}
UNKNOWN = "unknown"
REGION_NAMES = (*REGIONS, UNKNOWN)
_REGION_OF = {code: name for name, codes in REGIONS.items() for code in codes}


def region_of(country: str) -> str:
    """The region of a country; UNKNOWN for none or a code that is not one."""
    return _REGION_OF.get(country, UNKNOWN)
