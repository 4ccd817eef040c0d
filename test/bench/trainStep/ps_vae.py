"""The PS-VAE of packages/models/src/ps-vae in PyTorch, to compare trawl's training step with.

The same layers, losses and initial distribution: convolutions with TensorFlow's 'same' padding and leaky ReLUs, two
dense heads of which one is rotated, a mirrored decoder; nothing masked. Run with the name of test/fixtures/psvae.json
this file holds its terms and gradients against BehaveNet's.
"""

import json
import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

LAYERS = [(32, 5, 2), (64, 5, 2), (128, 5, 2), (256, 5, 2), (512, 5, 5)]  # channels, kernel, stride
SLOPE = 0.05
LN_2PI = math.log(2 * math.pi)


def same_padding(size, kernel, stride):
    """TensorFlow's rule: (output size, zeros before, zeros after)."""
    out = -(-size // stride)
    total = max(0, (out - 1) * stride + kernel - size)
    return out, total // 2, total - total // 2


class ConvSame(nn.Module):
    def __init__(self, channels_in, channels_out, kernel, stride, size):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride)
        self.out, pads = [], []
        for n in reversed(size):  # F.pad takes the last axis first.
            out, before, after = same_padding(n, kernel, stride)
            self.out.insert(0, out)
            pads += [before, after]
        self.pads = pads

    def forward(self, x):
        return self.conv(F.pad(x, self.pads))


class ConvTransposeSame(nn.Module):
    """The transpose of ConvSame(channels_out, channels_in) at `size`: the pads are cut off."""

    def __init__(self, channels_in, channels_out, kernel, stride, size):
        super().__init__()
        self.size = size
        before = [same_padding(n, kernel, stride)[1] for n in size]
        # PyTorch cuts `padding` off both ends; what is to go at the far end beside it is sliced off.
        self.conv = nn.ConvTranspose2d(channels_in, channels_out, kernel, stride, padding=before)

    def forward(self, x):
        height, width = self.size
        return self.conv(x)[:, :, :height, :width]


class PsVae(nn.Module):
    """frames [n, channels, height, width] in 0..1 and noise [n, latents] to frames, labels and latents."""

    def __init__(self, frame, labels, latents, layers=LAYERS):
        super().__init__()
        self.labels = labels
        channels, height, width = frame
        depths = [channels] + [depth for depth, _, _ in layers]
        sizes = [(height, width)]
        self.encoder = nn.ModuleList()
        for (depth, kernel, stride), before in zip(layers, depths):
            layer = ConvSame(before, depth, kernel, stride, sizes[-1])
            self.encoder.append(layer)
            sizes.append(tuple(layer.out))
        self.bottom = (depths[-1], *sizes[-1])
        features = math.prod(self.bottom)
        self.mean = nn.Linear(features, latents)
        self.logvar = nn.Linear(features, latents)
        rotation, _ = torch.linalg.qr(torch.randn(latents, latents))
        self.register_buffer("rotation", rotation)  # rows: A, then B
        bound = 1 / math.sqrt(labels)
        self.scale = nn.Parameter(torch.empty(labels).uniform_(-bound, bound))
        self.shift = nn.Parameter(torch.empty(labels).uniform_(-bound, bound))
        self.dense = nn.Linear(latents, features)
        self.decoder = nn.ModuleList(
            ConvTransposeSame(depth, before, kernel, stride, size)
            for (depth, kernel, stride), before, size in reversed(list(zip(layers, depths, sizes)))
        )

    def forward(self, x, noise, std_scale=0.5):
        for layer in self.encoder:
            x = F.leaky_relu(layer(x), SLOPE)
        features = x.flatten(1)
        mean = F.linear(self.mean(features), self.rotation)
        logvar = self.logvar(features)
        z = mean + torch.exp(std_scale * logvar) * noise
        y_hat = mean[:, : self.labels] * self.scale + self.shift
        h = self.dense(z).unflatten(1, self.bottom)
        for layer in self.decoder[:-1]:
            h = F.leaky_relu(layer(h), SLOPE)
        return torch.sigmoid(self.decoder[-1](h)), y_hat, z, mean, logvar


def log_density(z, mean, logvar):
    return -0.5 * ((z - mean) ** 2 * torch.exp(-logvar) + logvar + LN_2PI)


def gaussian_ll(error, entries, std):
    return -0.5 / std**2 * error - entries * (LN_2PI / 2 + math.log(std))


def ps_vae_loss(x, x_hat, y, y_hat, z, mean, logvar, *, alpha, kl_weight, tc_weight, frame_std=1.0):
    """The total, then its terms and the squared error of a pixel. Summed over entries and latents, averaged over frames."""
    labels = y.shape[1]
    pixels = x[0].numel()
    pixel_error = ((x - x_hat) ** 2).sum() / len(x)
    data_ll = gaussian_ll(pixel_error, pixels, frame_std)
    label_ll = gaussian_ll(((y - y_hat) ** 2).sum() / len(y), labels, 1.0)
    mean_s, logvar_s = mean[:, :labels], logvar[:, :labels]
    zs_kl = 0.5 * (logvar_s.exp() - logvar_s + mean_s**2 - 1).sum(1).mean()

    z_u, mean_u, logvar_u = z[:, labels:], mean[:, labels:], logvar[:, labels:]
    d = log_density(z_u[:, None], mean_u[None], logvar_u[None])  # [sample, posterior, latent]
    q = torch.logsumexp(d.sum(2), 1)
    q_product = torch.logsumexp(d, 1).sum(1)
    q_given_x = log_density(z_u, mean_u, logvar_u).sum(1)
    prior = (-0.5 * (z_u**2 + LN_2PI)).sum(1)
    mi, tc, dwkl = (q_given_x - q).mean(), (q - q_product).mean(), (q_product - prior).mean()

    loss = zs_kl - data_ll - alpha * label_ll + kl_weight * (mi + dwkl) + tc_weight * tc
    return loss, data_ll, label_ll, zs_kl, mi, tc, dwkl, pixel_error / pixels


TERMS = ("loss", "loss_data_ll", "loss_label_ll", "loss_zs_kl", "loss_zu_mi", "loss_zu_tc", "loss_zu_dwkl")


def check(path):
    """The worst relative difference to BehaveNet's terms and gradients, of the cases without masks."""
    with open(path) as file:
        vectors = json.load(file)
    reference = vectors["B_models"]["strides_2_2"]
    given = {name: tensor(value) for name, value in vectors["A_inputs"].items()}
    theirs = {name: tensor(value) for name, value in reference["weights"].items()}
    x, y = given["x"], given["y"]
    model = PsVae(x.shape[1:], y.shape[1], given["mu"].shape[1], layers=[(4, 5, 2), (8, 5, 2)]).double()
    with torch.no_grad():
        model.rotation.copy_(torch.cat([theirs["encoding.A.weight"], theirs["encoding.B.weight"]]))
        for name, parameter in model.named_parameters():
            parameter.copy_(theirs[behavenet_name(name)])
    differences = []
    for name, case in reference["loss_cases"].items():
        if not name.endswith("no_masks"):
            continue
        model.zero_grad()
        outputs = model(x, given["eps"], std_scale=1.0)  # BehaveNet's own standard deviation.
        weights = {"kl_weight": case["kl_anneal_weight"], "tc_weight": case["tc_weight"]}
        x_hat, y_hat, *latent = outputs
        terms = ps_vae_loss(x, x_hat, y, y_hat, *latent, alpha=case["f64"]["alpha"], **weights)
        terms[0].backward()
        for term, value in zip(TERMS, terms):
            differences.append(abs(value.item() / case["f64"][term] - 1))
        for parameter_name, parameter in model.named_parameters() if "grad" in case else ():
            wanted = tensor(case["grad"][behavenet_name(parameter_name)])
            differences.append(((parameter.grad - wanted).abs().max() / wanted.abs().max()).item())
    return max(differences)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def behavenet_name(name):
    """BehaveNet's name of a parameter of ours: `encoder.0.conv.weight` is `encoding.encoder.conv0.weight`."""
    layers = {
        "encoder": "encoding.encoder.conv",
        "decoder": "decoding.decoder.convtranspose",
        "mean": "encoding.FF",
        "logvar": "encoding.logvar",
        "dense": "decoding.FF",
    }
    if name in ("scale", "shift"):
        return {"scale": "encoding.D.weight", "shift": "encoding.D.bias"}[name]
    layer, *middle, last = name.split(".")
    return ".".join(["".join([layers[layer], *middle[:1]]), last])


if __name__ == "__main__":
    worst = check(sys.argv[1])
    print(f"worst relative difference to BehaveNet: {worst:.1e}")
    sys.exit(worst > 1e-9)
