#include "caffe/translator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound::models::caffe {
namespace {

// "INNER_PRODUCT" of old files and "InnerProduct" alike.
std::string folded(std::string_view type) {
  std::string word;
  for (const char c : type) {
    if (c != '_') word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return word;
}

const LayerRow& required_row(const Layer& layer) {
  const std::string word = folded(layer.type);
  std::vector<std::string_view> names;
  for (const auto rows : {parameter_rows(), structure_rows(), outer_rows()}) {
    for (const LayerRow& row : rows) {
      names.push_back(row.type);
      if (folded(row.type) != word) continue;
      if (row.read != nullptr) return row;
      throw SpecError(
          layer.message.place(),
          fmt::format("layer '{}': {} cannot be read: {}", layer.name, row.type, row.becomes),
          "write an architecture file with an opaque layer in its place");
    }
  }
  throw SpecError(
      layer.message.place(),
      fmt::format("layer '{}': the type '{}' is not known", layer.name, layer.type),
      suggest(layer.type, names, "write an architecture file with an opaque layer in its place"));
}

bool is_outer(const LayerRow& row) {
  return std::ranges::any_of(outer_rows(), [&](const LayerRow& outer) { return &outer == &row; });
}

}  // namespace

// What nobody asked for decides on training, or belongs to layers of another type.
void Translator::finish(Layer& next) {
  for (const std::string_view name :
       {"include", "exclude", "param", "phase", "propagate_down", "loss_weight", "blobs",
        "blobs_lr", "weight_decay", "blob_share_mode", "loss_param", "sigmoid_param",
        "tanh_param"}) {
    next.message.find(name);
  }
  next.message.finish(fmt::format("layer '{}'", next.name), network.notes);
}

void Translator::read(Layer& next) {
  layer = &next;
  const std::size_t mistakes_before = mistakes.size();
  mistakes.attempt([&] {
    const LayerRow& row = required_row(next);
    try {
      row.read(*this);
      if (!is_outer(row)) finish(next);
    } catch (const Unread&) {  // a mistake before this one has been told
      return;
    } catch (const ShapeError& error) {
      throw SpecError(next.message.place(), fmt::format("layer '{}': {}", next.name, error.what()),
                      error.hint.empty() ? "check the sizes" : error.hint);
    }
  });
  for (const std::string& name : next.tops) {
    if (mistakes.size() > mistakes_before || !by_name.contains(name)) {
      make(name, Blob::Kind::unknown, 0);
    }
  }
}

void Translator::make(const std::string& name, Blob::Kind kind, StepId step) {
  by_name.insert_or_assign(name, blobs.size());
  blobs.push_back({kind, step, false, name});
}

void Translator::input(const std::string& name, const Shape& shape) {
  if (has_input) return make(name, Blob::Kind::side, 0);
  has_input = true;
  network.step(Network::input).output = shape;
  make(name, Blob::Kind::step, Network::input);
}

StepId Translator::bottom(std::size_t index, bool reads) {
  if (index >= layer->bottoms.size()) {
    refuse(fmt::format("{} needs {} bottom{}", layer->type, index + 1, index == 0 ? "" : "s"),
           "name the blobs that it reads");
  }
  const std::string& name = layer->bottoms[index];
  const auto found = by_name.find(name);
  if (found == by_name.end()) {
    std::vector<std::string_view> names;
    constexpr std::size_t enough = 1000;
    for (const auto& [known, blob] : by_name) {
      if (names.size() < enough) names.push_back(known);
    }
    refuse(fmt::format("no layer before makes the blob '{}'", name),
           suggest(name, names, "layers read what those before them in the file make"));
  }
  Blob& blob = blobs[found->second];
  if (blob.kind == Blob::Kind::unknown) throw Unread{};
  if (blob.kind == Blob::Kind::side) {
    refuse(
        fmt::format("'{}' is a label, a loss or a second input, which no layer reads here", name),
        "a network has one input");
  }
  blob.is_read = blob.is_read || reads;
  return blob.step;
}

void Translator::top(StepId step) {
  if (layer->tops.size() != 1) {
    refuse(fmt::format("{} has {} tops", layer->type, layer->tops.size()), "name one");
  }
  make(layer->tops.front(), Blob::Kind::step, step);
}

StepId Translator::map(std::string_view component, std::vector<Setting> settings, StepId from,
                       const Shape& output) {
  return network.add({.component = std::string(component),
                      .settings = std::move(settings),
                      .inputs = {from},
                      .output = output,
                      .name = layer->name});
}

StepId Translator::merge(std::string_view component, std::vector<StepId> inputs,
                         const Shape& output) {
  return network.add({.kind = Step::Kind::merge,
                      .component = std::string(component),
                      .settings = {},
                      .inputs = std::move(inputs),
                      .output = output,
                      .name = layer->name});
}

StepId Translator::slice(StepId from, std::size_t axis, std::int64_t begin, std::int64_t end) {
  const Shape input_shape = shape(from);
  std::vector<std::int64_t> sizes(input_shape.sizes().begin(), input_shape.sizes().end());
  if (sizes.at(axis) == end - begin) return from;
  sizes.at(axis) = end - begin;
  return map("slice",
             {{"axis", axis_word(axis, input_shape.rank())},
              {"from", std::to_string(begin)},
              {"to", std::to_string(end)}},
             from, Shape(sizes));
}

StepId Translator::as_image(StepId from) {
  const Shape input_shape = shape(from);
  if (input_shape.rank() == 3) return from;
  if (input_shape.rank() > 3) {
    refuse(fmt::format("{} is no image", input_shape.to_text()), "three spatial axes are not read");
  }
  const Shape image{input_shape.channels(), input_shape.rank() == 2 ? input_shape.spatial(0) : 1,
                    1};
  return map("reshape", {{"", yaml_list({image.sizes().begin(), image.sizes().end()})}}, from,
             image);
}

std::size_t Translator::axis_of(prototxt::Message& settings, std::string_view field,
                                std::int64_t otherwise, const Shape& of) const {
  const std::int64_t axis = settings.integer(field, otherwise, -4);
  const std::int64_t from_front = axis < 0 ? axis + of.rank() + 1 : axis;
  if (from_front < 1 || from_front > of.rank()) {
    refuse(fmt::format("axis {} is not one of a sample of shape {}", axis, of.to_text()),
           "axis 0 is the batch, axis 1 the channels");
  }
  return static_cast<std::size_t>(from_front - 1);
}

void Translator::refuse(const std::string& message, std::string hint) const {
  throw SpecError(layer->message.place(), fmt::format("layer '{}': {}", layer->name, message),
                  std::move(hint));
}

std::string axis_word(std::size_t axis, int rank) {
  constexpr std::array<std::string_view, 4> words{"channels", "depth", "height", "width"};
  if (axis == 0) return "channels";
  if (rank == 2) return "length";
  return std::string(words.at(axis + words.size() - static_cast<std::size_t>(rank)));
}

}  // namespace smoothbound::models::caffe
