#include "darknet/translator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound::models::darknet {
namespace {

const LayerRow* find_row(std::string_view name) {
  const auto found = std::ranges::find_if(layer_rows(), [&](const LayerRow& row) {
    return row.name == name || (!row.also.empty() && row.also == name);
  });
  return found == layer_rows().end() ? nullptr : &*found;
}

const LayerRow& required_row(const Section& section) {
  const LayerRow* const row = find_row(section.name);
  if (row == nullptr) {
    std::vector<std::string_view> names;
    for (const LayerRow& known : layer_rows()) names.push_back(known.name);
    throw SpecError(section.location, fmt::format("unknown layer [{}]", section.name),
                    suggest(section.name, names, "known are " + join(names)));
  }
  if (row->read == nullptr && !row->is_head) {
    throw SpecError(section.location,
                    fmt::format("[{}] cannot be read: {}", section.name, row->becomes),
                    "write an architecture file with an opaque layer in its place");
  }
  return *row;
}

}  // namespace

void Translator::layer(Section& next) {
  section = &next;
  Output output;
  const std::size_t mistakes_before = mistakes.size();
  mistakes.attempt([&] {
    const LayerRow& row = required_row(next);
    try {
      if (row.is_head) {
        output = {Output::Kind::head, before()};
        return;
      }
      const StepId step = row.read(*this);
      next.finish(network.notes);
      if (mistakes.size() == mistakes_before) output = {Output::Kind::step, step};
    } catch (const Unread&) {  // a mistake before this one has been told
      return;
    } catch (const ShapeError& error) {
      throw SpecError(next.location, fmt::format("[{}]: {}", next.name, error.what()),
                      error.hint.empty() ? "check the sizes" : error.hint);
    }
  });
  outputs.push_back(output);
}

StepId Translator::step_of(std::int64_t layer_index, Location place) const {
  if (layer_index < 0) return Network::input;
  const Output& output = outputs[static_cast<std::size_t>(layer_index)];
  if (output.kind == Output::Kind::unknown) throw Unread{};
  if (output.kind == Output::Kind::step) return output.step;
  throw SpecError(
      place,
      fmt::format("layer {} is a head of detections, which no layer reads here", layer_index),
      "read the layer in front of it, with [route]");
}

StepId Translator::before() const { return step_of(index() - 1, section->location); }

std::vector<StepId> Translator::named_layers(std::string_view key) const {
  const Option* const option = section->find(key);
  if (option == nullptr) {
    refuse(key, fmt::format("[{}] names no layers", section->name),
           fmt::format("write {}=-1 for the layer before", key));
  }
  const std::vector<std::int64_t> numbers = section->integers(key);
  if (numbers.empty()) throw Unread{};
  std::vector<StepId> steps;
  for (const std::int64_t number : numbers) {
    const std::int64_t layer_index = number < 0 ? index() + number : number;
    if (layer_index < 0 || layer_index >= index()) {
      throw SpecError(
          option->value_place,
          fmt::format("{} is no layer before this one, which is layer {}", number, index()),
          "layers are counted from 0 behind [net], or back from this one with -1");
    }
    steps.push_back(step_of(layer_index, option->value_place));
  }
  return steps;
}

std::string Translator::name_of(std::string_view component) const {
  return fmt::format("{}_{}", component, index());
}

StepId Translator::map(std::string_view component, std::vector<Setting> settings, StepId input,
                       const Shape& output) {
  return network.add({.component = std::string(component),
                      .settings = std::move(settings),
                      .inputs = {input},
                      .output = output,
                      .name = name_of(component)});
}

StepId Translator::merge(std::string_view component, std::vector<StepId> inputs,
                         const Shape& output) {
  return network.add({.kind = Step::Kind::merge,
                      .component = std::string(component),
                      .settings = {},
                      .inputs = std::move(inputs),
                      .output = output,
                      .name = name_of(component)});
}

StepId Translator::as_image(StepId input) {
  const Shape shape = network.shape(input);
  if (shape.rank() == 3) return input;
  return map("reshape", {{"", yaml_list({shape.elements(), 1, 1})}}, input,
             {shape.elements(), 1, 1});
}

StepId Translator::slice(StepId input, std::string_view axis, std::int64_t from, std::int64_t to) {
  const Shape shape = network.shape(input);
  std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  sizes.at(axis == "channels" ? 0 : axis == "height" ? 1 : 2) = to - from;
  return map(
      "slice",
      {{"axis", std::string(axis)}, {"from", std::to_string(from)}, {"to", std::to_string(to)}},
      input, Shape(sizes));
}

void Translator::refuse(std::string_view key, const std::string& message, std::string hint) const {
  throw SpecError(section->place_of(key), message, std::move(hint));
}

}  // namespace smoothbound::models::darknet
