// Configurations of Darknet, with their weights or without.
#include "darknet/darknet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "darknet/translator.hpp"

namespace smoothbound::models::darknet {
namespace {

std::string stem_of(std::string_view path) {
  path = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const std::string_view stem = path.substr(0, path.rfind('.'));
  return stem.empty() ? "darknet" : std::string(stem);
}

bool is_net(std::string_view name) { return name == "net" || name == "network"; }

std::optional<Shape> input_of(Section& net) {
  const std::int64_t height = net.integer("height", 0, 1);
  const std::int64_t width = net.integer("width", 0, 1);
  const std::int64_t channels = net.integer("channels", 0, 1);
  if (height != 0 && width != 0 && channels != 0) return Shape{channels, height, width};
  const std::int64_t inputs = net.integer("inputs", 0, 1);
  if (inputs != 0) return Shape{inputs};
  return std::nullopt;
}

// The last layer that is no head; of a head what it reads.
StepId output_of(Translator& translator, const std::vector<Section>& sections) {
  std::vector<std::size_t> heads;
  for (std::size_t i = 0; i < translator.outputs.size(); ++i) {
    if (translator.outputs[i].kind == Translator::Output::Kind::head) heads.push_back(i);
  }
  const Translator::Output& last = translator.outputs.back();
  if (last.kind == Translator::Output::Kind::head) {
    translator.network.notes.push_back(
        fmt::format("the network ends in front of [{}], which only finds boxes in its output",
                    sections.back().name));
    heads.pop_back();
  }
  if (!heads.empty()) {
    std::string layers;
    for (const std::size_t head : heads) {
      if (layers.size() > 60) {
        layers += ", ...";
        break;
      }
      layers += fmt::format("{}{}", layers.empty() ? "" : ", ", head);
    }
    translator.network.notes.push_back(fmt::format(
        "other outputs, those of layers {}, are left out, with what only they need", layers));
  }
  return last.step;
}

// Arrays of steps that reach the output.
std::vector<Tensor> used_tensors(const Network& network,
                                 const std::vector<Translator::Owned>& arrays, StepId output) {
  std::vector<bool> is_used(network.size(), false);
  is_used[output] = true;
  for (StepId id = output; id > 0; --id) {
    if (!is_used[id]) continue;
    for (const StepId input : network.step(id).inputs) is_used[input] = true;
  }
  std::vector<Tensor> tensors;
  for (const auto& [step, tensor] : arrays) {
    if (is_used[step]) tensors.push_back(tensor);
  }
  return tensors;
}

void note_batch_norms(Translator& translator) {
  if (!translator.has_batch_norms) return;
  const bool has_numbers = translator.weights != nullptr;
  std::string note =
      "batch_norm adds 1e-5 to the variance, as Darknet does in training, and its forks always";
  if (!has_numbers) note += "; without weights it has the statistics of each batch";
  translator.network.notes.push_back(std::move(note));
}

}  // namespace

bool recognizes(std::string_view /*path*/, std::string_view beginning) {
  if (beginning.starts_with(byte_order_mark)) beginning.remove_prefix(byte_order_mark.size());
  while (!beginning.empty()) {
    std::string_view line = beginning.substr(0, beginning.find('\n'));
    beginning.remove_prefix(std::min(beginning.size(), line.size() + 1));
    while (!line.empty() &&
           std::string_view(" \t\r").find(line.front()) != std::string_view::npos) {
      line.remove_prefix(1);
    }
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    return line.starts_with("[net]") || line.starts_with("[network]");
  }
  return false;
}

ImportedModel read(std::string_view path, std::string_view content, const ImportOptions& options) {
  if (const std::size_t at = find_invalid_text(content); at != std::string_view::npos) {
    throw SpecError(locate(content, at), "this is no text in UTF-8", "save the file as UTF-8");
  }
  MistakeList mistakes;
  std::vector<Section> sections = read_sections(content, mistakes);
  std::optional<Weights> weights;
  if (!options.numbers_file.empty()) {
    mistakes.attempt([&] { weights.emplace(options.numbers_file); });
  }
  if (sections.empty() || !is_net(sections.front().name)) {
    mistakes.throw_any();
    throw SpecError(sections.empty() ? Location{} : sections.front().location,
                    "a configuration of Darknet begins with [net]",
                    "write [net] with width, height and channels");
  }
  std::optional<Shape> input;
  mistakes.attempt([&] {
    try {
      input = input_of(sections.front());
    } catch (const ShapeError& error) {
      throw SpecError(sections.front().location, error.what(), "use smaller sizes");
    }
  });
  if (!input) {
    mistakes.throw_any();
    throw SpecError(sections.front().location, "[net] gives no size of the input",
                    "write width, height and channels");
  }
  Network network(stem_of(path), *input);
  Translator translator{network, mistakes, options, weights ? &*weights : nullptr};
  for (Section& section : std::span(sections).subspan(1)) translator.layer(section);
  if (sections.size() == 1 && mistakes.empty()) {
    mistakes.add(SpecError(sections.front().location, "the network has no layers",
                           "write sections such as [convolutional] behind [net]"));
  }
  mistakes.throw_any();
  if (weights) weights->require_all_taken();
  const StepId output = output_of(translator, sections);
  if (output == Network::input) {
    throw SpecError(sections.front().location, "no layer computes anything",
                    "write sections such as [convolutional] behind [net]");
  }
  note_batch_norms(translator);
  return {"Darknet", network.text(output, {"from a configuration of Darknet"}),
          used_tensors(network, translator.arrays, output), std::move(network.notes)};
}

std::vector<ModelFormat::Understood> understood() {
  std::vector<ModelFormat::Understood> list;
  for (const LayerRow& row : layer_rows()) {
    if (row.read == nullptr && !row.is_head) continue;
    list.push_back({fmt::format("[{}]", row.name), std::string(row.becomes)});
  }
  return list;
}

}  // namespace smoothbound::models::darknet
