"""Reads an exported folder with TensorBoard's own code; prints JSON of what it finds. Argument: the folder."""
import json, sys
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.util import tensor_util
from tensorboard.plugins.hparams import plugin_data_pb2

multiplexer = plugin_event_multiplexer.EventMultiplexer(size_guidance={'scalars': 0, 'tensors': 0})
multiplexer.AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()

def content(run, tag):
    metadata = multiplexer.SummaryMetadata(run, tag)
    assert metadata.plugin_data.plugin_name == 'hparams', metadata
    return plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)

def value(v):
    return getattr(v, v.WhichOneof('kind'))

found = {}
for run, tags in multiplexer.Runs().items():
    out = {'scalars': {}, 'hparams': None, 'group': None, 'status': None, 'experiment': None}
    for tag in tags['tensors']:
        if tag.startswith('_hparams_/'):
            data = content(run, tag)
            kind = data.WhichOneof('data')
            if kind == 'session_start_info':
                out['hparams'] = {k: value(v) for k, v in data.session_start_info.hparams.items()}
                out['group'] = data.session_start_info.group_name
            elif kind == 'session_end_info':
                out['status'] = data.session_end_info.status
            else:
                out['experiment'] = {
                    'name': data.experiment.name,
                    'hparams': [h.name for h in data.experiment.hparam_infos],
                    'metrics': [m.name.tag for m in data.experiment.metric_infos],
                }
        else:
            # Old scalars are turned into tensors as they are read.
            out['scalars'][tag] = [[e.step, repr(float(tensor_util.make_ndarray(e.tensor_proto)))] for e in multiplexer.Tensors(run, tag)]
    found[run] = out
print(json.dumps(found))
