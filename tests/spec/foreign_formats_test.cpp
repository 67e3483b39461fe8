// Files of other programs, given where an architecture belongs.

#include "smoothbound/models/foreign_formats.hpp"

#include <gtest/gtest.h>

#include <string>

#include "smoothbound/spec/read_spec.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound {
namespace {

using namespace std::string_literals;

// "what | hint"
std::string refusal(const std::string& text, const std::string& name = "net.bin") {
  try {
    read_spec({name, text});
  } catch (const SpecError& error) {
    EXPECT_EQ(error.location, whole_file);
    const std::string message = error.what();
    const std::string end = ", not an architecture file";
    if (!message.starts_with("this is ") || !message.ends_with(end)) return "other: " + message;
    return message.substr(8, message.size() - 8 - end.size()) + " | " +
           (error.hint.empty() ? std::string(plain_words(error.remedy)) : error.hint);
  }
  return "read";
}

const std::string zip = "PK\x03\x04\x14\0\0\0"s;
const std::string arrays =
    "an architecture file lists the layers as YAML or JSON; parameters are files of arrays";
const std::string torch_command =
    "export a model where it is built: torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), "
    "'model.onnx'); its parameters, if you trust it: python -c \"import torch, safetensors.torch "
    "as "
    "s; w = torch.load('m.pt', map_location='cpu', weights_only=True); s.save_file({k: "
    "v.clone().contiguous() for k, v in w.get('state_dict', w).items()}, 'weights.safetensors')\"";
const std::string script_command =
    "with the shape of an input: python -c \"import torch; torch.onnx.export(torch.jit.load("
    "'m.pt'), (torch.zeros(1, 3, 224, 224),), 'model.onnx', dynamo=False)\"";
const std::string made_of_command =
    "export the model that it was made of to ONNX: torch.onnx.export(model, (torch.zeros(1, 3, "
    "224, 224),), 'model.onnx')";

TEST(ForeignFormat, ArchivesAreToldByWhatIsInThem) {
  EXPECT_EQ(refusal(zip + "archive/data.pkl\x80\x02", "m.pt"),
            "a model or parameters of PyTorch | " + torch_command);
  EXPECT_EQ(refusal(zip + "m/data.pkl\x80\x02 m/code/__torch__.py", "m.pt"),
            "a TorchScript model | " + script_command);
  EXPECT_EQ(refusal(zip + "m/data.pkl\x80\x02 m/constants.pkl", "m.pt"),
            "a TorchScript model | " + script_command);
  EXPECT_EQ(refusal(zip + "m/data/0FB", "m.pt"), "a TorchScript model | " + script_command);
  EXPECT_EQ(refusal(zip + "conv.weight.npy"), "an NPZ file of arrays | " + arrays);
  EXPECT_EQ(refusal(zip + "readme.txt"),
            "a ZIP archive | unpack it, and give what is inside: python -m zipfile -e net.bin "
            "folder");
}

TEST(ForeignFormat, IsToldByItsBeginning) {
  EXPECT_EQ(refusal("\x89HDF\r\n\x1a\n\0"s, "dir/m.h5"),
            "an HDF5 file, as of Keras | python -c \"import keras; "
            "print(keras.models.load_model('dir/m.h5', compile=False).to_json())\" > model.json");
  EXPECT_EQ(refusal("\x93NUMPY\x01\0"s), "a NumPy array | " + arrays);
  EXPECT_EQ(refusal("\x1f\x8b\x08\0"s),
            "a gzip file | unpack it; an architecture file is UTF-8 text");
  for (const char version : {'\2', '\3', '\4', '\5'}) {
    EXPECT_EQ(refusal("\x80"s + version + "\x95\0"s, "m.pt"),
              "a Python pickle, as of PyTorch | " + torch_command);
  }
  EXPECT_EQ(refusal("(dp0\nS'a'\n", "m.pt"), "a Python pickle, as of PyTorch | " + torch_command);
  EXPECT_EQ(refusal("\x40\0\0\0\0\0\0\0{\"w\":{}}"s), "a safetensors file | " + arrays);
  EXPECT_EQ(refusal("\x80\2\0\0\0\0\0\0{\"w\":{}}"s), "a safetensors file | " + arrays);
  EXPECT_EQ(refusal("\x1c\0\0\0TFL3\x14\0"s, "m.tflite"),
            "a model of TensorFlow Lite | python -m tf2onnx.convert --tflite m.tflite --output "
            "model.onnx");
  EXPECT_EQ(refusal("GGUF\3\0\0\0"s),
            "a GGUF file of a language model | export the model that it was made of: optimum-cli "
            "export onnx --model NAME folder");
  EXPECT_EQ(refusal("7767517\n75 83\nInput data 0 1 data\n", "m.param"),
            "a network of NCNN | " + made_of_command);
  EXPECT_EQ(refusal("<?xml version=\"1.0\"?>\n<net name=\"n\" version=\"11\">\n", "m.xml"),
            "a network of OpenVINO | " + made_of_command);
  EXPECT_EQ(
      refusal("{\n  \"nodes\": [\n    {\n      \"op\": \"null\", \n", "m-symbol.json"),
      "a symbol of MXNet | python -c \"import mxnet; mxnet.onnx.export_model('m-symbol.json', "
      "'model.params', [(1, 3, 224, 224)], 'float32', 'model.onnx')\", with its parameters "
      "and the shape of an input");
}

TEST(ForeignFormat, IsToldInModelsByAnotherName) {
  for (const char minor : {'\1', '\2'}) {
    EXPECT_EQ(refusal("\0\0\0\0"s + minor + "\0\0\0\5\0\0\0"s, "y.weights"),
              "the numbers of a model of Darknet | name its configuration before: smoothbound "
              "import net.cfg y.weights -o net.yaml --weights weights.safetensors");
  }
  EXPECT_EQ(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"),
            "a pointer of Git LFS to a file | fetch the file itself: git lfs pull");
  EXPECT_EQ(refusal("<!DOCTYPE html>\n<html>\n"), "a web page | download the file itself");
}

// Protobuf files have no magic number.
TEST(ForeignFormat, IsToldByItsNameWhereItIsNoText) {
  EXPECT_EQ(refusal("\x08\x01\x12\xb8\x05"s, "saved_model.pb"),
            "a SavedModel of TensorFlow | python -m tf2onnx.convert --saved-model FOLDER --output "
            "model.onnx, with the folder that the file lies in");
  EXPECT_EQ(refusal("\x0a\xb8\x05\x0a\x01x"s, "m.pb"),
            "a graph of TensorFlow | python -m tf2onnx.convert --graphdef m.pb --inputs x:0 "
            "--outputs y:0 --output model.onnx, with the names of its input and output");
  EXPECT_EQ(refusal("\x08\x04\x12\xb8\x05\x0a"s, "m.mlmodel"),
            "a model of Core ML | " + made_of_command);
  EXPECT_EQ(refusal("\x0a\xb8\x05\x0a\0\0"s, "m.pdmodel"),
            "a model of PaddlePaddle | paddle2onnx --model_dir . --model_filename m.pdmodel "
            "--save_file model.onnx");
  EXPECT_EQ(refusal("\x0a\x07VGG\xb8\x05\0\0"s, "m.caffemodel"),
            "the parameters of a network of Caffe | give the network itself, its .prototxt");
  EXPECT_EQ(refusal("\xb8\x05\x0a\0\0\0"s, "m.pt"), "a file of PyTorch | " + torch_command);
  EXPECT_EQ(refusal("\xb8\x05\x0a\0\0\0"s, "m.pth").substr(0, 17), "a file of PyTorch");
  // Which begin as ONNX models do.
  EXPECT_EQ(models::find_format("saved_model.pb", "\x08\x01\x12\xb8\x05"s), nullptr);
  EXPECT_EQ(models::find_format("m.mlmodel", "\x08\x04\x12\xb8\x05\x0a"s), nullptr);
  // A text of such a name is read, also where its beginning ends inside of a character.
  const std::string network = "input: {shape: [3]}\nlayers: [{dense: 1}]\n#";
  const std::string filler(models::beginning_bytes - network.size() - 1, 'x');
  EXPECT_EQ(refusal(network + filler + "\xc3\xa4\n", "m.pt"), "read");
  const std::string whole(models::beginning_bytes - 4, 'x');
  const auto is_foreign = [&](std::string_view end) {
    return models::find_foreign("m.pt", whole + std::string(end)).has_value();
  };
  EXPECT_FALSE(is_foreign("x\xf0\x9f\x98"));
  EXPECT_TRUE(is_foreign("\xf0\x9f\x98x"));
  EXPECT_TRUE(is_foreign("\xf0\x9f\x98"));  // a shorter file, which ends here
  EXPECT_EQ(refusal("input: {shape: [3]}\nlayers: [{dense: 1}]\n", "m.pt"), "read");
  EXPECT_EQ(refusal("input: {shape: [3]}\nlayers: [{name: \xc3\xa4, dense: 1}]\n", "m.pt"), "read");
}

// Eight bytes of a length, and a brace behind them.
TEST(ForeignFormat, SafetensorsHaveAHeader) {
  const std::string bytes = "\x40\0\0\0\0\0\0\0{\"a\""s;
  const auto found = models::find_foreign("w", bytes);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, "a safetensors file");
  EXPECT_FALSE(models::find_foreign("w", std::string_view(bytes).substr(0, 8)).has_value());
}

// A name that a shell would take apart is not put into a command.
TEST(ForeignFormat, CommandsNameTheFile) {
  const std::string bytes = "\x1c\0\0\0TFL3\x14\0"s;
  const auto named = [&](const std::string& name) {
    const std::string text = refusal(bytes, name);
    const std::size_t start = text.find("--tflite ") + 9;
    return text.substr(start, text.find(" --output") - start);
  };
  EXPECT_EQ(named("a-b/c_1.tflite"), "a-b/c_1.tflite");
  EXPECT_EQ(named("azAZ09-_./x"), "azAZ09-_./x");
  for (const char* other : {"`", "{", "@", "[", ":", "'", "$", "~"}) {
    EXPECT_EQ(named(std::string("a") + other), "FILE") << other;
  }
  EXPECT_EQ(named("my model.tflite"), "FILE");
  EXPECT_EQ(named("x;rm.tflite"), "FILE");
  EXPECT_EQ(named("-x.tflite"), "FILE");
  EXPECT_EQ(named("<stdin>"), "FILE");
}

// Its beginning is enough: the limit on sizes is one on texts.
TEST(ForeignFormat, IsNamedHoweverLargeItIs) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("big.pt", zip + "a/data.pkl" + std::string(5000, 'x'));
  Limits limits;
  limits.bytes = 1000;
  Source source;
  std::string message;
  try {
    load_source(path, limits, source);
  } catch (const SpecError& error) {
    message = error.what();
  }
  EXPECT_EQ(message, "this is a model or parameters of PyTorch, not an architecture file");
}

// Protobuf's notation, of which the first lines pass for YAML.
TEST(ForeignFormat, MessagesAsTextAreNamed) {
  const std::string graph =
      "a graph of TensorFlow as text | python -m tf2onnx.convert --graphdef m.pbtxt --inputs x:0 "
      "--outputs y:0 --output model.onnx, with the names of its input and output";
  EXPECT_EQ(refusal("node {\n  name: \"x\"\n}\n", "m.pbtxt"), graph);
  EXPECT_EQ(refusal("graph_def{\r\n}\r\n", "m.pbtxt"), graph);
  EXPECT_EQ(refusal("meta_info_def {\n}\n", "m.pbtxt"), graph);
  EXPECT_EQ(refusal("ir_version: 7\ngraph {\n}\n", "m.txt"),
            "an ONNX model as text | python -c \"import onnx; onnx.save(onnx.load('m.txt', "
            "'textproto'), 'model.onnx')\"");
  // The words inside of a line or of a name.
  EXPECT_EQ(refusal("name: >\n  a graph {\n  node { x\ninput: {\n shape: [3]}\nlayers: [{dense: "
                    "1}]\n",
                    "n.yaml"),
            "read");
}

}  // namespace
}  // namespace smoothbound
