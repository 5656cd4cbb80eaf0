"""Tokenizers of each model, with the normalizers and pre-tokenizers that they are used with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "the cat sat on the mat"


def _bpe() -> Any:
    vocabulary = {each: number for number, each in enumerate(["[U]", *"acehmnost", "th", "at"])}
    return Tokenizer(models.BPE(vocabulary, [("t", "h"), ("a", "t")], unk_token="[U]"))


def _byte_level_bpe() -> Any:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {each: number for number, each in enumerate([*alphabet, "th", "at"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("t", "h"), ("a", "t")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def _unigram() -> Any:
    pieces = ["<unk>", "▁the", "▁", *"acehmnost", "at"]
    scores = [(piece, -float(number)) for number, piece in enumerate(pieces)]
    return Tokenizer(models.Unigram(scores, 0))


def _sentence_piece() -> Any:
    tokenizer = _unigram()
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def _word_piece() -> Any:
    pieces = ["[UNK]", "[CLS]", "[SEP]", "the", "c", "##at", "sat", "on", "mat"]
    vocabulary = {each: number for number, each in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _word_level() -> Any:
    vocabulary = {each: number for number, each in enumerate(["[U]", *sorted(set(TEXT.split()))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[U]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["[PAD]"])
    tokenizer.enable_padding(length=9, pad_id=7, pad_token="[PAD]")
    return tokenizer


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "BPE": _bpe,
    "BPE of bytes": _byte_level_bpe,
    "Unigram": _unigram,
    "Unigram of SentencePiece": _sentence_piece,
    "WordPiece": _word_piece,
    "WordLevel": _word_level,
}


def _result(tokenizer: Any) -> list[Any]:
    encoded = tokenizer.encode(TEXT)
    return [encoded.ids, encoded.tokens, tokenizer.decode(encoded.ids)]


def _write(make: Callable[[], Any], path: Path) -> list[Any]:
    tokenizer = make()
    tokenizer.save(str(path))
    return _result(tokenizer)


def _read(path: Path) -> list[Any]:
    return _result(Tokenizer.from_file(str(path)))


WRITERS = {name: partial(_write, make) for name, make in TOKENIZERS.items()}
READERS = dict.fromkeys(WRITERS, _read)
