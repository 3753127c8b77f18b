#!/usr/bin/env python3
"""What training on several machines is expected to cost: the table of the page Clusters.

Computed, not measured, from three measured numbers (images a second of one machine, floats of the
network's gradients, exchanges a step) and two that are assumed (the network's rate is reached; the
latency of one exchange).

    mpi_cost.py [--rate 575] [--floats 2801841] [--exchanges 46] [--batch 32] [--latency 5e-5]
"""

import argparse


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=575, help="images/s of one machine")
    parser.add_argument("--floats", type=int, default=2801841)
    parser.add_argument("--exchanges", type=int, default=46, help="that are waited for, a step")
    parser.add_argument("--batch", type=int, default=32, help="images of a machine a step")
    parser.add_argument("--latency", type=float, default=5e-5, help="seconds of an exchange")
    options = parser.parse_args()
    step = options.batch / options.rate
    backward = step * 2 / 3
    print("| machines | MB a step each way | " + " | ".join(
        f"{rate} Gbit/s" for rate in (1, 10, 25, 100)) + " |")
    print("|---" * 6 + "|")
    for machines in (1, 2, 4, 8, 16, 32, 64):
        share = 2 * (machines - 1) / machines * 4 * options.floats
        cells = []
        for rate in (1, 10, 25, 100):
            moving = share * 8 / (rate * 1e9)
            waiting = options.exchanges * options.latency if machines > 1 else 0
            # Nothing beside the backward pass, and all of it that the pass has time for.
            worst = step + waiting + moving
            best = step + waiting + max(0, moving - backward)
            low, high = 100 * step / worst, 100 * step / best
            cells.append(f"{low:.0f} %" if round(low) == round(high) else f"{low:.0f}-{high:.0f} %")
        print(f"| {machines} | {share / 1e6:.1f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
