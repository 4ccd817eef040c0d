"""Runs of Ray Tune that do nothing, or sleep, in reused actors: runs, slots, seconds a run. Prints JSON."""

import json
import logging
import os
import sys
import tempfile
import time

os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
os.environ["RAY_AIR_NEW_OUTPUT"] = "0"

import ray
from ray import tune


class Noop(tune.Trainable):
    def setup(self, config):
        self.seconds = config["seconds"]

    def step(self):
        time.sleep(self.seconds)
        return {"loss": 1.0, "done": True}

    def reset_config(self, config):
        self.seconds = config["seconds"]
        return True

    def save_checkpoint(self, folder):
        return None


def main():
    runs, slots, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    ray.init(num_cpus=slots, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            Noop,
            param_space={"seconds": seconds, "x": tune.uniform(0, 1)},
            tune_config=tune.TuneConfig(num_samples=runs, reuse_actors=True),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        began = time.monotonic()
        results = tuner.fit()
        wall = time.monotonic() - began
    ray.shutdown()
    done = sum(1 for result in results if result.error is None)
    print(json.dumps({"runs": done, "wallSeconds": round(wall, 2), "runsPerSecond": round(done / wall, 1)}))


if __name__ == "__main__":
    main()
