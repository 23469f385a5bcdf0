"""The oracles' parameter file: scenario grid, scan ranges, add-ons and listed instruments, with the hash that the
contract pins.

Decides what a valid file is and how it hashes. Everything an honest tick contains besides prices and time follows from
it and from `rollup.oracle`, so anyone who has the file can recompute a tick.
"""

from importlib import resources
from pathlib import Path

import msgspec

from circuits.protocol import numbers as n
from circuits.protocol.row import InstrumentKind
from circuits.protocol.sizes import Size
from rollup.ledger.crypto import Hasher, element, hash_many

PARAMETERS_TAG = "tickproof.parameters.v1"
THIRDS = 3
"""Spot moves are written in thirds of the scan range."""


class ParameterError(Exception):
    """The parameter file does not parse or contradicts itself."""


class Scenario(msgspec.Struct, frozen=True, array_like=True):
    """One point of the grid: spot move in thirds of the scan range, volatility up (1), down (-1) or unmoved (0), and the
    share of the loss that counts, in basis points."""

    spot_thirds: int
    vol: int
    weight_bp: int


class Underlying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scan range and relative volatility shocks, and add-ons as shares of the index; all in basis points."""

    name: str
    scan_bp: int
    vol_up_bp: int
    vol_down_bp: int
    contingency_initial_bp: int
    contingency_maintenance_bp: int
    short_minimum_bp: int


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A live instrument: its mark is the underlying's price moved by `basis_ppm` parts per million. Strike in 1e-6 USD."""

    id: int
    kind: int
    expiry_ms: int
    strike: int
    basis_ppm: int


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file. `funding_cap_bp` bounds the premium that funding charges per eight hours."""

    version: int
    ewma_lambda_bp: int
    funding_cap_bp: int
    scenarios: tuple[Scenario, ...]
    underlyings: tuple[Underlying, ...]
    listings: tuple[Listing, ...]


def parse_parameters(data: bytes) -> Parameters:
    """Read a parameter file (JSON). Raises ParameterError naming what is wrong."""
    try:
        parameters = msgspec.json.decode(data, type=Parameters)
    except msgspec.MsgspecError as error:
        raise ParameterError(f"parameter file: {error}") from error
    _require(parameters.version == 1, "unknown version")
    _require(0 <= parameters.ewma_lambda_bp <= n.BASIS_POINTS, "ewma_lambda_bp outside 0..10000")
    _require(0 <= parameters.funding_cap_bp <= n.BASIS_POINTS, "funding_cap_bp outside 0..10000")
    _require(
        len(parameters.scenarios) > 0 and len(parameters.underlyings) > 0, "no scenarios or no underlyings"
    )
    for scenario in parameters.scenarios:
        _require(scenario.vol in (-1, 0, 1), "scenario vol is not -1, 0 or 1")
        _require(0 < scenario.weight_bp <= n.BASIS_POINTS, "scenario weight outside 1..10000")
    for underlying in parameters.underlyings:
        _check_underlying(underlying)
    _require(len({listing.id for listing in parameters.listings}) == len(parameters.listings), "repeated id")
    for listing in parameters.listings:
        _check_listing(listing)
    return parameters


def _check_underlying(underlying: Underlying) -> None:
    shares = (
        underlying.scan_bp,
        underlying.vol_down_bp,
        underlying.contingency_initial_bp,
        underlying.contingency_maintenance_bp,
        underlying.short_minimum_bp,
    )
    _require(all(0 <= share <= n.BASIS_POINTS for share in shares), "a share outside 0..10000")
    _require(0 <= underlying.vol_up_bp < 1 << 14, "vol_up_bp outside its width")
    _require(
        underlying.contingency_maintenance_bp <= underlying.contingency_initial_bp,
        "maintenance contingency above the initial one",
    )


def _check_listing(listing: Listing) -> None:
    _require(0 <= listing.id < n.INSTRUMENT.high, "listing id outside its width")
    _require(
        listing.kind in (InstrumentKind.PERP, InstrumentKind.FUTURE),
        "only perps and futures can be listed so far",
    )
    _require(0 <= listing.expiry_ms < n.TIME.high, "expiry outside its width")
    _require(0 <= listing.strike < n.STRIKE.high, "strike outside its width")
    _require(
        (listing.expiry_ms == 0) == (listing.kind == InstrumentKind.PERP),
        "perps have no expiry, futures have one",
    )
    _require(abs(listing.basis_ppm) < 10**6, "basis of 100 % or more")


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise ParameterError(f"parameter file: {complaint}")


def check_fits(parameters: Parameters, size: Size) -> None:
    """Raise ParameterError unless the file's counts are those of the circuit size."""
    _require(len(parameters.scenarios) == size.scenarios, f"{size.scenarios} scenarios are needed")
    _require(len(parameters.underlyings) == size.underlyings, f"{size.underlyings} underlyings are needed")
    _require(
        all(listing.id < size.instruments for listing in parameters.listings),
        f"only instruments 0 to {size.instruments - 1} exist",
    )


def default_parameters() -> Parameters:
    """The file that ships with the package: the 24-point grid of the margin rule for one underlying."""
    return parse_parameters(resources.files("rollup").joinpath("data/parameters.json").read_bytes())


def read_parameters(path: Path) -> Parameters:
    """Read a parameter file from disk. Raises ParameterError, OSError."""
    return parse_parameters(path.read_bytes())


def parameter_hash(parameters: Parameters, hasher: Hasher) -> int:
    """Poseidon over every number of the file in order, counts included; names are not part of it."""
    numbers = [
        int.from_bytes(PARAMETERS_TAG.encode("ascii"), "big"),
        parameters.version,
        parameters.ewma_lambda_bp,
        parameters.funding_cap_bp,
        len(parameters.scenarios),
        len(parameters.underlyings),
        len(parameters.listings),
    ]
    for scenario in parameters.scenarios:
        numbers += (scenario.spot_thirds, scenario.vol, scenario.weight_bp)
    for underlying in parameters.underlyings:
        numbers += (
            underlying.scan_bp,
            underlying.vol_up_bp,
            underlying.vol_down_bp,
            underlying.contingency_initial_bp,
            underlying.contingency_maintenance_bp,
            underlying.short_minimum_bp,
        )
    for listing in parameters.listings:
        numbers += (listing.id, listing.kind, listing.expiry_ms, listing.strike, listing.basis_ppm)
    return hash_many(hasher, [element(number) for number in numbers])
