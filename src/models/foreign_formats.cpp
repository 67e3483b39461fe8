#include "smoothbound/models/foreign_formats.hpp"

#include <algorithm>
#include <array>

#include "smoothbound/models/model.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::models {
namespace {

// What is not empty has to hold.
struct ForeignFormat {
  std::string_view begins;    // behind `skipped` bytes
  std::string_view contains;  // somewhere in the beginning
  std::string_view ending;    // of the path of a file that is no text
  std::string_view what;
  std::string_view hint;         // FILE: its path, ARRAYS: the next one; empty: `remedy`
  std::string_view arrays = {};  // how they come of it; empty: as the network, by `hint`
  Remedy remedy = Remedy::list_of_layers;
  std::size_t skipped = 0;
};

using namespace std::string_view_literals;

constexpr std::string_view zip_magic = "PK\x03\x04"sv;

constexpr std::string_view from_torch_script =
    "with the shape of an input: python -c \"import torch; torch.onnx.export(torch.jit.load("
    "'FILE'), (torch.zeros(1, 3, 224, 224),), 'model.onnx', dynamo=False)\"";
constexpr std::string_view from_torch =
    "export a model where it is built: torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), "
    "'model.onnx'); its parameters, ARRAYS";
constexpr std::string_view arrays_of_torch =
    "if you trust it: python -c \"import torch, safetensors.torch as s; w = torch.load('FILE', "
    "map_location='cpu', weights_only=True); s.save_file({k: v.clone().contiguous() for k, v in "
    "w.get('state_dict', w).items()}, 'weights.safetensors')\"";
constexpr std::string_view arrays_of_torch_script =
    "if you trust it: python -c \"import torch, safetensors.torch as s; w = torch.jit.load('FILE', "
    "map_location='cpu').state_dict(); s.save_file({k: v.clone().contiguous() for k, v in "
    "w.items()}, 'weights.safetensors')\"";
constexpr std::string_view from_hdf5 =
    "python -c \"import keras; print(keras.models.load_model('FILE', compile=False).to_json())\" > "
    "model.json";
// Keras' arrays have their axes in another order, which square ones do not tell.
constexpr std::string_view arrays_of_hdf5 =
    "export the network with its numbers, to be read in place of both: python -c \"import keras; "
    "keras.models.load_model('FILE', compile=False).export('model.onnx', format='onnx')\"";
constexpr std::string_view arrays_of_caffe =
    "with the network that they belong to: python -c \"import caffe, numpy; numpy.savez("
    "'weights.npz', **{k + s: b.data for k, v in caffe.Net('net.prototxt', 'FILE', "
    "caffe.TEST).params.items() for s, b in zip(('.weight', '.bias'), v)})\"";
constexpr std::string_view from_saved_model =
    "python -m tf2onnx.convert --saved-model FOLDER --output model.onnx, with the folder that the "
    "file lies in";
constexpr std::string_view from_graph =
    "python -m tf2onnx.convert --graphdef FILE --inputs x:0 --outputs y:0 --output model.onnx, "
    "with "
    "the names of its input and output";
constexpr std::string_view from_weights =
    "name its configuration before: smoothbound import net.cfg FILE -o net.yaml --weights "
    "weights.safetensors";

constexpr auto foreign_formats = std::to_array<ForeignFormat>({
    {zip_magic, "/code/", {}, "a TorchScript model", from_torch_script, arrays_of_torch_script},
    {zip_magic,
     "constants.pkl",
     {},
     "a TorchScript model",
     from_torch_script,
     arrays_of_torch_script},
    {zip_magic, "data.pkl", {}, "a model or parameters of PyTorch", from_torch, arrays_of_torch},
    {zip_magic,
     "/data/0",
     {},
     "a TorchScript model",
     from_torch_script,
     arrays_of_torch_script},  // others begin with data.pkl
    {zip_magic, ".npy", {}, "an NPZ file of arrays", {}},
    {zip_magic,
     {},
     {},
     "a ZIP archive",
     "unpack it, and give what is inside: python -m zipfile -e FILE folder"},
    {"\x89HDF\r\n\x1a\n"sv, {}, {}, "an HDF5 file, as of Keras", from_hdf5, arrays_of_hdf5},
    {"\x93NUMPY"sv, {}, {}, "a NumPy array", {}},
    {"\x1f\x8b"sv, {}, {}, "a gzip file", {}, "unpack it: gzip -d FILE", Remedy::unpacked_file},
    {"TFL3"sv,
     {},
     {},
     "a model of TensorFlow Lite",
     "python -m tf2onnx.convert --tflite FILE --output model.onnx",
     {},
     {},
     4},
    {"GGUF"sv,
     {},
     {},
     "a GGUF file of a language model",
     "export the model that it was made of: optimum-cli export onnx --model NAME folder"},
    {"7767517"sv,
     {},
     {},
     "a network of NCNN",
     "export the model that it was made of to ONNX: torch.onnx.export(model, "
     "(torch.zeros(1, 3, 224, 224),), 'model.onnx')"},
    {"<"sv,
     "<net ",
     {},
     "a network of OpenVINO",
     "export the model that it was made of to ONNX: torch.onnx.export(model, "
     "(torch.zeros(1, 3, 224, 224),), 'model.onnx')"},
    {"{"sv,
     "\"op\": \"null\"",
     {},
     "a symbol of MXNet",
     "python -c \"import mxnet; mxnet.onnx.export_model('FILE', 'model.params', [(1, 3, 224, "
     "224)], "
     "'float32', 'model.onnx')\", with its parameters and the shape of an input"},
    {"\0\0\0\0\1\0\0\0"sv, {}, {}, "the numbers of a model of Darknet", from_weights},
    {"\0\0\0\0\2\0\0\0"sv, {}, {}, "the numbers of a model of Darknet", from_weights},
    {"version https://git-lfs"sv,
     {},
     {},
     "a pointer of Git LFS to a file",
     "fetch the file itself: git lfs pull"},
    {"<!DOCTYPE html"sv, {}, {}, "a web page", "download the file itself"},
    {"\x08\x01\x12"sv, {}, ".pb", "a SavedModel of TensorFlow", from_saved_model},
    {{}, {}, ".pb", "a graph of TensorFlow", from_graph},
    {{},
     {},
     ".mlmodel",
     "a model of Core ML",
     "export the model that it was made of to ONNX: torch.onnx.export(model, "
     "(torch.zeros(1, 3, 224, 224),), 'model.onnx')"},
    {{},
     {},
     ".pdmodel",
     "a model of PaddlePaddle",
     "paddle2onnx --model_dir . --model_filename FILE --save_file model.onnx"},
    {{},
     {},
     ".caffemodel",
     "the parameters of a network of Caffe",
     "give the network itself, its .prototxt",
     arrays_of_caffe},
    {{}, {}, ".pt", "a file of PyTorch", from_torch, arrays_of_torch},
    {{}, {}, ".pth", "a file of PyTorch", from_torch, arrays_of_torch},
});

// Text in protobuf's notation opens a message at the end of a line, which YAML and JSON do not.
struct OpenedMessage {
  std::string_view word;
  std::string_view what;
  std::string_view hint;
};

constexpr std::array opened_messages{
    OpenedMessage{"node", "a graph of TensorFlow as text", from_graph},
    OpenedMessage{"graph_def", "a graph of TensorFlow as text", from_graph},
    OpenedMessage{"meta_info_def", "a graph of TensorFlow as text", from_graph},
    OpenedMessage{
        "graph", "an ONNX model as text",
        "python -c \"import onnx; onnx.save(onnx.load('FILE', 'textproto'), 'model.onnx')\""},
};

std::optional<ForeignFormat> find_opened_message(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    while (!line.empty() && " \t\r"sv.find(line.back()) != std::string_view::npos) {
      line.remove_suffix(1);
    }
    if (!line.ends_with('{')) continue;
    line.remove_suffix(1);
    const std::string_view word = line.substr(0, line.find_last_not_of(' ') + 1);
    for (const OpenedMessage& message : opened_messages) {
      if (word == message.word) return ForeignFormat{{}, {}, {}, message.what, message.hint};
    }
  }
  return std::nullopt;
}

// Where the file goes on, its beginning may end inside of a character.
bool is_binary(std::string_view beginning) {
  constexpr std::size_t longest_character = 4;
  const std::size_t bad = find_invalid_text(beginning);
  if (bad == std::string_view::npos) return false;
  return beginning.size() < beginning_bytes || beginning.size() - bad >= longest_character;
}

bool is_of_format(const ForeignFormat& format, std::string_view path, std::string_view beginning) {
  const auto begins = beginning.substr(std::min(format.skipped, beginning.size()));
  return begins.starts_with(format.begins) &&
         beginning.find(format.contains) != std::string_view::npos &&
         (format.ending.empty() || (path.ends_with(format.ending) && is_binary(beginning)));
}

std::optional<ForeignFormat> find_format_of(std::string_view path, std::string_view beginning) {
  // Eight bytes of a length, then a JSON header.
  constexpr std::size_t length_bytes = 8;
  if (beginning.size() > length_bytes && beginning[length_bytes] == '{' &&
      beginning.substr(0, length_bytes).ends_with("\0\0"sv)) {
    return ForeignFormat{{}, {}, {}, "a safetensors file", {}};
  }
  if (is_pickle(beginning)) {
    return ForeignFormat{{}, {}, {}, "a Python pickle, as of PyTorch", from_torch, arrays_of_torch};
  }
  for (const ForeignFormat& format : foreign_formats) {
    if (is_of_format(format, path, beginning)) return format;
  }
  return find_opened_message(beginning);
}

void replace_first(std::string& text, std::string_view place, std::string_view by) {
  if (const std::size_t found = text.find(place); found != std::string::npos) {
    text.replace(found, place.size(), by);
  }
}

// The path, where a shell takes it as it is.
std::string with_path(std::string_view hint, std::string_view path) {
  std::string text(hint);
  const bool is_plain =
      !path.empty() && !path.starts_with('-') && std::ranges::all_of(path, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               "_-./"sv.find(c) != std::string_view::npos;
      });
  if (is_plain) replace_first(text, "FILE", path);
  return text;
}

}  // namespace

std::optional<ForeignFile> find_foreign(std::string_view path, std::string_view beginning) {
  const auto format = find_format_of(path, beginning);
  if (!format) return std::nullopt;
  ForeignFile file{format->what, with_path(format->hint, path), Remedy::none,
                   with_path(format->arrays.empty() ? format->hint : format->arrays, path)};
  if (format->hint.empty()) file.remedy = format->remedy;
  replace_first(file.to_network, "ARRAYS", file.to_arrays);
  return file;
}

// Protocols 2 to 5 begin with their number. Those of Python 2, which are text, begin with a
// container or a class and a line end soon after.
bool is_pickle(std::string_view beginning) {
  if (beginning.size() >= 2 && beginning[0] == '\x80')
    return beginning[1] >= 2 && beginning[1] <= 5;
  return std::ranges::any_of(
      std::array{"(dp"sv, "(lp"sv, "ccopy_reg\n"sv, "ccollections\n"sv, "cnumpy"sv},
      [&](std::string_view start) { return beginning.starts_with(start); });
}

}  // namespace smoothbound::models
