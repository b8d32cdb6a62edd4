"""A real channel code: 5G's LDPC code and QAM, and how often a block of it fails. Needs sionna-no-rt, of requirements-dev.txt."""

import torch
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import Demapper, Mapper
from torch import Tensor

from aemodels.noise import variance_of
from aemodels.quality.separate import Trial

ITERATIONS = (8, 6, 6, 10, 20)  # of belief propagation, 50 in all; after each part, what is right is done with
BATCH_SIZE = 16  # of whose messages the processor keeps most at hand


class Link:
    """Blocks of whole bytes, sent by `num_uses` real uses of a Gaussian channel of unit power, two for each QAM symbol.

    LDPC code with 5G's rate matching and interleaving (3GPP TS 38.212, 5.3.2 and 5.4.2), Gray-mapped QAM (TS 38.211, 5.1), decoded by
    belief propagation. Nothing is spent on a checksum: that a block has failed is taken as known. Raises ValueError for a rate that
    5G's code has not, above 0.95 or below 0.2.
    """

    def __init__(self, num_bytes: int, bits_per_symbol: int, num_uses: int = 1024) -> None:
        self.num_bits = 8 * num_bytes
        num_coded_bits = num_uses // 2 * bits_per_symbol
        self.encode = LDPC5GEncoder(self.num_bits, num_coded_bits, num_bits_per_symbol=bits_per_symbol)
        self.decoder = LDPC5GDecoder(self.encode, cn_update="boxplus", return_state=True)
        self.to_symbols = Mapper("qam", bits_per_symbol)
        self.to_llrs = Demapper("app", "qam", num_bits_per_symbol=bits_per_symbol)

    @torch.inference_mode()
    def simulate(self, snr_db: float, min_failed: int, max_blocks: int, seed: int = 0) -> Trial:
        """Sends random blocks until so many have failed, any of their bits being wrong, or so many are sent.

        snr_db  of each real use
        """
        # A complex symbol of unit energy has half of it, and half of its noise, in each of its two real uses.
        variance = torch.tensor(variance_of(snr_db))
        generator = torch.Generator().manual_seed(seed)
        num_blocks = num_failed = 0
        while num_failed < min_failed and num_blocks < max_blocks:
            bits = torch.randint(0, 2, (BATCH_SIZE, self.num_bits), generator=generator).float()
            symbols = self.to_symbols(self.encode(bits))
            noise = torch.randn(symbols.shape, generator=generator, dtype=symbols.dtype)  # variance 1, its parts' 1/2
            num_failed += self._num_wrong(self.to_llrs(symbols + variance.sqrt() * noise, variance), bits)
            num_blocks += BATCH_SIZE
        return Trial(snr_db, num_blocks, num_failed)

    def _num_wrong(self, llrs: Tensor, bits: Tensor) -> int:
        """How many of the blocks, by log-likelihood ratios (B, coded bits), are not decoded to these bits (B, num_bits)."""
        messages = None
        for num_iterations in ITERATIONS:
            decoded, messages = self.decoder(llrs, num_iter=num_iterations, msg_v2c=messages)
            wrong = (decoded != bits).any(1)
            if not wrong.any():
                return 0
            llrs, bits, messages = llrs[wrong], bits[wrong], messages[wrong]
        return len(bits)
