"""Writes a model of one layer with random weights, whose tokens are single letters."""

import json
import sys
from pathlib import Path

import mlx.core as mx
from tokenizers import Tokenizer, decoders, models

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

special = ["<unk>", "<s>", "</s>"]
letters = special + [chr(code) for code in range(32, 127)]
tokenizer = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters)}, merges=[], unk_token="<unk>"))
tokenizer.decoder = decoders.Fuse()
tokenizer.add_special_tokens(special)
tokenizer.save(str(folder / "tokenizer.json"))

template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }} {% endfor %}assistant: "
tokenizer_config = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "chat_template": template,
}
(folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))

width, inner = 32, 64
config = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": width,
    "intermediate_size": inner,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-5,
    "vocab_size": len(letters),
    "max_position_embeddings": 512,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "torch_dtype": "float32",
}
(folder / "config.json").write_text(json.dumps(config))

mx.random.seed(7)


def weights(*shape: int) -> mx.array:
    return mx.random.normal(shape) * 0.1


layer = "model.layers.0."
tensors = {
    "model.embed_tokens.weight": weights(len(letters), width),
    "model.norm.weight": mx.ones((width,)),
    "lm_head.weight": weights(len(letters), width),
    layer + "input_layernorm.weight": mx.ones((width,)),
    layer + "post_attention_layernorm.weight": mx.ones((width,)),
    layer + "mlp.gate_proj.weight": weights(inner, width),
    layer + "mlp.up_proj.weight": weights(inner, width),
    layer + "mlp.down_proj.weight": weights(width, inner),
}
for name in "qkvo":
    tensors[f"{layer}self_attn.{name}_proj.weight"] = weights(width, width)
mx.save_safetensors(str(folder / "model.safetensors"), tensors)
