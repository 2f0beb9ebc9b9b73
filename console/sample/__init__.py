"""The demo's fleet and the server that answers for it: sample merchants, each with a story, over real HTTP.

    merchants = fleet(48, seed=7)
    with SampleServer(merchants) as server:
        text = merchants_toml(merchants, server.url)

``fleet`` says who there is, ``story`` what a story consists of; ``designed``, ``selling`` and ``troubled`` tell the
designed ones, ``crowd`` makes up as many more as are asked for. ``traits``, ``days``, ``channel``, ``listings`` and
``answers`` turn a story and a seed into figures that fit each other; ``grants``, ``desk`` and ``server`` speak the wire
contract.
"""
