"""Trains a model in PyTorch as many steps at a time as it is told, as stepper.ts does in trawl. See protocol.ts.

argv[1] is a workload (workload.ts) with `threads` and `device` as JSON.
"""

import json
import resource
import sys
import time

import torch

job = json.loads(sys.argv[1])
torch.set_num_threads(job["threads"])
torch.set_num_interop_threads(1)
torch.manual_seed(1)
device = torch.device(job["device"])


def ps_vae_step():
    """A function that makes one step, and the weights: what packages/models/src/ps-vae/passes.ts does."""
    from ps_vae import PsVae, ps_vae_loss

    batch, size, params = job["batch"], job["size"], job["params"]
    labels, latents = job["dataset"]["labels"], params["n_ae_latents"]
    weights = {"alpha": params["alpha"], "kl_weight": 1.0, "tc_weight": params["beta"]}
    model = PsVae((1, size, size), labels, latents).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=params["learning_rate"], amsgrad=True, fused=True)
    frames = torch.randint(0, 256, (batch, 1, size, size), dtype=torch.uint8)
    known = torch.randn(batch, labels)

    def step():
        x = frames.to(device).to(torch.float32).div_(255).contiguous(memory_format=torch.channels_last)
        y = known.to(device)
        x_hat, y_hat, z, mean, logvar = model(x, torch.randn(batch, latents).to(device))
        terms = ps_vae_loss(x, x_hat, y, y_hat, z, mean, logvar, **weights)
        optimizer.zero_grad(set_to_none=True)
        terms[0].backward()
        optimizer.step()
        report = torch.cat([torch.stack(terms), y_hat.flatten(), mean.flatten()])
        return report.detach().cpu()  # Waits for the device.

    return step, [*model.parameters(), *model.buffers()]


def dlp_step():
    """What packages/models/src/dlp/passes.ts does in a settled epoch."""
    from dlp import Dlp

    batch, size = job["batch"], job["size"]
    # A quarter faster than channels first.
    layout = torch.channels_last
    model = Dlp(image_size=size).to(device, memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-4, eps=1e-4, fused=True)
    frames = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)

    def step():
        x = frames.to(device).to(torch.float32).div_(255).contiguous(memory_format=layout)
        terms = model(x)
        optimizer.zero_grad(set_to_none=True)
        terms[0].backward()
        optimizer.step()
        return torch.stack(terms).detach().cpu()  # Waits for the device.

    return step, list(model.parameters())


step, weights = {"ps-vae": ps_vae_step, "dlp": dlp_step}[job["model"]]()
step()


def say(line):
    print(json.dumps(line), flush=True)


say(
    {
        "backend": "pytorch",
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "version": torch.__version__,
        "parameters": sum(weight.numel() for weight in weights),
    }
)
for order in sys.stdin:
    ms = []
    for _ in range(json.loads(order)["steps"]):
        began = time.perf_counter()
        step()
        ms.append((time.perf_counter() - began) * 1000)
    say({"ms": ms, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "kernels": None})
