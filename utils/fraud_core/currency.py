"""How many decimals a currency has, so that money can be held as whole minor units.

Source: ISO 4217's list of active codes, minor-unit column. Codes without a minor unit there
(metals, test codes, bond units) are no money that an order can be paid in and are left out.
"""

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN "
    "QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
    "TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_THREE = "BHD IQD JOD KWD LYD OMR TND"

MINOR_UNIT_DIGITS: dict[str, int] = {
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
}
"""ISO 4217 code to number of decimals."""


def to_minor_units(amount: float, currency: str) -> int | None:
    """`amount` as whole minor units, or None when it has more decimals than the currency.

    Exact for any amount below 10^12: a decimal of up to 15 digits survives the trip through a
    double, so the amount equals its own rounding if and only if it had no further decimals.
    Raises KeyError for an unknown currency.
    """
    scale = 10 ** MINOR_UNIT_DIGITS[currency]
    minor = round(amount * scale)
    return minor if minor / scale == amount else None
