"""ONNX Runtime as the other side of a comparison.

Reads commands from standard input, one a line, fields separated by tabs, and
answers each with one line: "ok" and a number, or "error" and a text.

    load NAME FILE THREADS  open FILE; the input called X is read from FILE.X.f32
    run NAME                run once; the number is milliseconds
    outputs NAME            run once; write every output Y to FILE.Y.f64
    quantise NAME FILE TO   write FILE in int8 to TO, calibrated on the inputs of network NAME;
                            wants the package onnx
    unload NAME             forget the network
    memory NAME             the number is the most memory taken since its load, in KiB
"""

import logging
import sys
import time

import numpy
import onnxruntime


def status(key):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key + ":"))


class Network:
    def __init__(self, path, threads):
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")  # VmHWM starts anew
        self.before = status("VmRSS")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(threads)
        # Spinning threads would slow down whoever runs next.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.path = path
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.feeds = {
            i.name: numpy.fromfile(f"{path}.{i.name}.f32", "<f4").reshape(i.shape)
            for i in self.session.get_inputs()
        }
        self.names = [o.name for o in self.session.get_outputs()]

    def run(self):
        return self.session.run(self.names, self.feeds)

    def quantise(self, file, to):
        # What the package's documentation recommends for x86: operators between
        # quantise and dequantise nodes, bytes with a weight scale for each channel.
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process

        class Inputs(quantization.CalibrationDataReader):
            left = [self.feeds]

            def get_next(self):
                return self.left.pop() if self.left else None

        quant_pre_process(file, to, skip_symbolic_shape=True)
        quantization.quantize_static(
            to,
            to,
            Inputs(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )

    def write(self):
        for name, value in zip(self.names, self.run()):
            numpy.asarray(value, "<f8").tofile(f"{self.path}.{name}.f64")


logging.disable(logging.WARNING)  # what the quantiser advises
networks = {}


def obey(verb, name, *rest):
    start = time.perf_counter()
    if verb == "load":
        networks[name] = Network(*rest)
    elif verb == "run":
        networks[name].run()
    elif verb == "outputs":
        networks[name].write()
    elif verb == "quantise":
        networks[name].quantise(*rest)
    elif verb == "unload":
        del networks[name]
    elif verb == "memory":
        return status("VmHWM") - networks[name].before
    else:
        raise ValueError(f"no command {verb}")
    return 1000 * (time.perf_counter() - start)


print("ok", onnxruntime.__version__, flush=True)
for line in sys.stdin:
    try:
        print("ok", obey(*line.rstrip("\n").split("\t")), flush=True)
    except Exception as e:
        print("error", " ".join(str(e).split()), flush=True)
