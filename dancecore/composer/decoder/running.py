"""The trained decoder in NumPy: what it foretells of the next step, and steps drawn from it."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dancecore.composer.decoder.tokens import A_STEP, AHEAD, Vocabulary
from dancecore.composer.steps import Heard
from dancecore.errors import DanceError
from dancecore.types import Float, Float64

EPSILON = 1e-5
"""Of a layer norm, PyTorch's."""

FORMAT = "decoder.v1"

SHIPPED = "shipped"
"""Instead of a file: the one beside the taxonomy."""


class Decoder:
    """P(next move | style, steps so far) over `vocabulary.moves`.

    weights: the state of `network.Gpt`, by its names; heads: of its attention; from_steps and share: from how many
    steps of context on its word counts beside a Markov model's, and how much before any step was heard, see `blending`.
    """

    def __init__(
        self, vocabulary: Vocabulary, weights: Mapping[str, Float], heads: int, from_steps: int, share: float
    ) -> None:
        self.vocabulary, self.heads, self.from_steps, self.share = vocabulary, heads, from_steps, share
        self.weights = {name: np.asarray(values, np.float32) for name, values in weights.items()}
        self.layers = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
        self.longest = (len(self.weights["place.weight"]) - AHEAD) // A_STEP

    def after(self, steps: Sequence[Heard], style: str | None, begins: bool) -> Float64:
        """(M,) probabilities of the next move, as the last row of `foretold`."""
        return np.asarray(self.foretold(steps, style, begins)[-1])

    def foretold(self, steps: Sequence[Heard], style: str | None, begins: bool) -> Float64:
        """(K + 1, M) probabilities of the first of the K steps that are `heeded`, of each after it, and of the next."""
        heeded = self.heeded(steps)
        tokens = self.vocabulary.encode(heeded, style, begins and len(heeded) == len(steps))
        logits = self._logits(tokens.tolist())[AHEAD - 1 :: A_STEP, self.vocabulary.first_move :].astype(np.float64)
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(share / share.sum(axis=1, keepdims=True))

    def heeded(self, steps: Sequence[Heard]) -> Sequence[Heard]:
        """Of a longer context the last steps; of one in which there is a move that it does not know, those after it."""
        unknown = [i for i, step in enumerate(steps) if step.move_id not in self.vocabulary.move_number]
        return steps[max(unknown[-1] + 1 if unknown else 0, len(steps) - self.longest + 1) :]

    def draw(self, count: int, style: str | None, rng: np.random.Generator, temperature: float = 1.0) -> list[Heard]:
        """A dance of so many steps, each token drawn from among those that may follow."""
        tokens = self.vocabulary.encode((), style, True).tolist()
        drawn: list[Heard] = []
        while len(drawn) < count:
            for _ in range(A_STEP):
                logits = np.where(self.vocabulary.mask(tokens), self._logits(tokens)[-1] / temperature, -np.inf)
                share = np.exp(logits - logits.max(), dtype=np.float64)
                tokens.append(int(rng.choice(len(share), p=share / share.sum())))
            drawn += self.vocabulary.decode([*tokens[:AHEAD], *tokens[-A_STEP:]])
            tokens = self.vocabulary.encode(drawn[-self.longest + 1 :], style, len(drawn) < self.longest).tolist()
        return drawn

    def _logits(self, tokens: Sequence[int]) -> Float:
        """(T, size) of the token after each of these."""
        w = self.weights
        hidden = w["token.weight"][list(tokens)] + w["place.weight"][: len(tokens)]
        for layer in range(self.layers):
            hidden = self._block(hidden, f"blocks.{layer}")
        return np.asarray(_normed(hidden, w["norm.weight"], w["norm.bias"]) @ w["token.weight"].T)

    def _block(self, hidden: Float, name: str) -> Float:
        count, width = hidden.shape
        asked = self._linear(self._norm(hidden, f"{name}.norm1"), f"{name}.ask")
        query, key, value = asked.reshape(count, 3, self.heads, -1).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(width // self.heads))
        scores[:, ~np.tri(count, dtype=bool)] = -np.inf
        share = np.exp(scores - scores.max(axis=2, keepdims=True))
        seen = (share / share.sum(axis=2, keepdims=True)) @ value
        hidden = hidden + self._linear(seen.transpose(1, 0, 2).reshape(count, width), f"{name}.join")
        inner = self._linear(self._norm(hidden, f"{name}.norm2"), f"{name}.up")
        return np.asarray(hidden + self._linear(_gelu(inner), f"{name}.down"))

    def _norm(self, hidden: Float, name: str) -> Float:
        return _normed(hidden, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _linear(self, hidden: Float, name: str) -> Float:
        return np.asarray(hidden @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])


def _normed(hidden: Float, gain: Float, bias: Float) -> Float:
    middle = hidden - hidden.mean(axis=1, keepdims=True)
    return np.asarray(middle / np.sqrt((middle**2).mean(axis=1, keepdims=True) + EPSILON) * gain + bias)


def _gelu(x: Float) -> Float:
    """By tanh (Hendrycks & Gimpel 2016)."""
    return np.asarray(0.5 * x * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3))))


def pack(decoder: Decoder) -> bytes:
    """The decoder as a file: weights in half precision."""
    words = decoder.vocabulary
    about = {
        "format": FORMAT, "styles": words.styles, "beats": words.beats, "moves": words.moves,
        "steps": sorted(words.steps), "heads": decoder.heads, "from_steps": decoder.from_steps, "share": decoder.share,
    }  # fmt: skip
    out = io.BytesIO()
    arrays: dict[str, Any] = {name: values.astype(np.float16) for name, values in decoder.weights.items()}
    np.savez_compressed(out, about=np.array(json.dumps(about)), **arrays)
    return out.getvalue()


def chosen(file: str, beside: Path) -> Decoder | None:
    """The decoder in this file, or, where it is SHIPPED, in the folder `beside`; none where it is empty. Raises
    DanceError as `unpack`."""
    if not file:
        return None
    return unpack(beside / "decoder.npz" if file == SHIPPED else Path(file).expanduser())


def unpack(path: Path) -> Decoder:
    """The decoder in a file of `pack`. Raises DanceError: FILE_NOT_FOUND, BAD_BUNDLE."""
    if not path.is_file():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            weights = {name: stored[name] for name in stored.files if name != "about"}
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']!r}")
        steps = frozenset((move, beats, mirror) for move, beats, mirror in about["steps"])
        words = Vocabulary(tuple(about["styles"]), tuple(about["beats"]), tuple(about["moves"]), steps)
        return Decoder(words, weights, about["heads"], about["from_steps"], about["share"])
    except (ValueError, KeyError, TypeError) as error:
        raise DanceError("BAD_BUNDLE", f"{path} is no decoder of dances: {error}") from error
