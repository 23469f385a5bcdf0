"""One batch of margin transitions, from deposits to finality on a local chain, with a real proof."""

from rollup.client import Client
from rollup.local import start_local

with start_local() as local:  # embedded chain, contracts, oracles, sequencer, prover with a development key
    client: Client = local.client
    alice, bob = local.open_account("alice"), local.open_account("bob")
    alice.deposit(50_000)
    bob.deposit(50_000)
    local.tick(60_000)  # two of three oracles sign a price with 24 scenario P&Ls per instrument

    bob.sell(size="0.5", limit=60_010)
    trade = alice.buy(size="0.5", limit=60_010).fills[0]
    payout = bob.withdraw(1_000)
    print(f"alice: {alice.margin().explain()}")
    print(f"trade {trade.receipt.promise.sequence}: {client.status(trade.receipt).stage.value}")

    for settled in client.settle():  # seal, commit, prove, execute
        print(f"batch {settled.number}: proof in {settled.seconds['proof']:.1f} s, gas {settled.gas}")

    print(f"payout: {client.status(payout).stage.value}; bob claims {bob.claim():,.2f} USD on L1")
