// Networks of Caffe as text.
#include "caffe/caffe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "caffe/translator.hpp"

namespace smoothbound::models::caffe {
namespace {

using prototxt::Field;
using prototxt::Message;

// Whether a rule of `include` or `exclude` holds in a test without stages.
bool holds(const Field& rule, MistakeList& mistakes) {
  Message message(rule, mistakes);
  const std::string phase = message.text("phase", "TEST");
  return (phase == "TEST" || phase == "1") && message.all("stage").empty() &&
         message.integer("min_level", 0, -100) <= 0;
}

bool is_in_test(Message& layer, MistakeList& mistakes) {
  const auto any_holds = [&](const std::vector<const Field*>& rules) {
    return std::ranges::any_of(rules, [&](const Field* rule) { return holds(*rule, mistakes); });
  };
  const std::vector<const Field*> include = layer.all("include");
  const std::vector<const Field*> exclude = layer.all("exclude");
  return (include.empty() || any_holds(include)) && !any_holds(exclude);
}

// `input: "data"` at the top of a file, with `input_shape` or `input_dim`.
void read_inputs(Message& file, Translator& translator, MistakeList& mistakes) {
  const std::vector<std::string> names = file.texts("input");
  const std::vector<const Field*> shapes = file.all("input_shape");
  const std::vector<std::int64_t> dims = file.integers("input_dim", 1);
  constexpr std::size_t axes = 4;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Field* const field = file.find("input");
    const bool is_fine = mistakes.attempt([&] {
      std::vector<std::int64_t> sizes;
      if (i < shapes.size()) {
        sizes = Message(*shapes[i], mistakes).integers("dim", 1);
      } else if (dims.size() >= axes * (i + 1)) {
        const auto begin = dims.begin() + static_cast<std::ptrdiff_t>(axes * i);
        sizes.assign(begin, begin + axes);
      }
      if (sizes.size() < 2) {
        throw SpecError(field->place, fmt::format("the input '{}' has no shape", names[i]),
                        "for example input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }");
      }
      sizes.erase(sizes.begin());
      try {
        translator.input(names[i], Shape(sizes));
      } catch (const ShapeError& error) {
        throw SpecError(field->place, error.what(), "use one to four sizes behind the batch");
      }
    });
    if (!is_fine) translator.make(names[i], Translator::Blob::Kind::unknown, 0);
  }
}

// The last blob that no layer reads, with a note of the others.
const Translator::Blob* output_of(Translator& translator) {
  const Translator::Blob* output = nullptr;
  std::string others;
  constexpr std::size_t longest = 80;
  for (const Translator::Blob& blob : translator.blobs) {
    if (blob.is_read || blob.kind != Translator::Blob::Kind::step) continue;
    if (blob.step == Network::input) continue;
    if (output != nullptr && output->step != blob.step && others.size() < longest) {
      others += fmt::format("{}'{}'", others.empty() ? "" : ", ", output->name);
    }
    output = &blob;
  }
  if (!others.empty()) {
    translator.network.notes.push_back(
        fmt::format("the output is '{}'; other blobs that no layer reads, {}, are left out with "
                    "what only they need",
                    output->name, others));
  }
  return output;
}

void add_notes(const Translator& translator, StepId output) {
  std::vector<std::string>& notes = translator.network.notes;
  if (translator.has_batch_norms) {
    notes.emplace_back("batch_norm has the statistics of each batch, as in training");
  }
  if (translator.has_fixed_norms) {
    notes.emplace_back(
        "use_global_stats: true: these statistics lie in a .caffemodel, which is not read; give "
        "them "
        "by --weights, or import with --batch-norms batch");
  }
  if (!translator.loss || translator.loss->first != output) return;
  translator.network.loss = translator.loss->second;
}

}  // namespace

bool recognizes(std::string_view /*path*/, std::string_view beginning) {
  while (!beginning.empty()) {
    std::string_view line = beginning.substr(0, beginning.find('\n'));
    beginning.remove_prefix(std::min(beginning.size(), line.size() + 1));
    if (!line.starts_with("layer")) continue;
    line.remove_prefix(std::string_view("layer").size());
    if (line.starts_with('s')) line.remove_prefix(1);
    const std::size_t next = line.find_first_not_of(" \t\r");
    if (next != std::string_view::npos && line[next] == '{') return true;
  }
  return false;
}

ImportedModel read(std::string_view /*path*/, std::string_view content,
                   const ImportOptions& options) {
  const Field root = prototxt::parse(content);
  MistakeList mistakes;
  Message file(root, mistakes);
  Network network(file.text("name", "caffe"), Shape{1});
  Translator translator{network, mistakes};
  translator.keeps_statistics = options.batch_norms == ImportOptions::BatchNorms::fixed;
  read_inputs(file, translator, mistakes);
  std::vector<const Field*> fields;
  for (const Field& field : root.fields) {
    if (field.name == "layer" || field.name == "layers") fields.push_back(&field);
  }
  for (const std::string_view name : {"layer", "layers", "state", "force_backward", "debug_info"}) {
    file.find(name);
  }
  file.finish("the network", network.notes);
  for (const Field* const field : fields) {
    Layer layer{Message(*field, mistakes), {}, {}, {}, {}};
    layer.name = layer.message.text("name", "");
    layer.type = layer.message.text("type", "");
    layer.bottoms = layer.message.texts("bottom");
    layer.tops = layer.message.texts("top");
    if (is_in_test(layer.message, mistakes)) translator.read(layer);
  }
  mistakes.throw_any();
  if (!translator.has_input) {
    throw SpecError(root.fields.empty() ? Location{} : root.fields.front().place,
                    "the network has no input",
                    "write a layer of type \"Input\" with input_param { shape ... }");
  }
  const Translator::Blob* const output = output_of(translator);
  if (output == nullptr) {
    throw SpecError(root.fields.front().place, "no layer makes an output",
                    "write layers that compute something from the input");
  }
  add_notes(translator, output->step);
  std::string text = network.text(output->step, {"from a network of Caffe"});
  return {"Caffe", std::move(text), {}, std::move(network.notes)};
}

std::vector<ModelFormat::Understood> understood() {
  std::vector<ModelFormat::Understood> list;
  for (const auto rows : {parameter_rows(), structure_rows(), outer_rows()}) {
    for (const LayerRow& row : rows) {
      if (row.read != nullptr) list.push_back({std::string(row.type), std::string(row.becomes)});
    }
  }
  return list;
}

}  // namespace smoothbound::models::caffe
