#include "layer_call.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/text/fields.hpp"

namespace smoothbound::models::keras {
namespace {

// A file of a megabyte may call models in models millions of times.
constexpr StepId most_steps = 200'000;

StepId add_step(LayerCall& call, Step step) {
  if (call.building.network.size() >= most_steps) {
    call.refuse(fmt::format("the network has more than {} steps", most_steps),
                "write an architecture file for a smaller one");
  }
  if (step.name.empty()) step.name = call.name;
  return call.building.network.add(std::move(step));
}

}  // namespace

LayerCall::LayerCall(Building& network, const Layer& called, std::string full_name,
                     std::vector<Given> given_arguments)
    : building(network),
      layer(called),
      config(called.config),
      name(std::move(full_name)),
      given(std::move(given_arguments)) {
  for (const Given& argument : given) {
    if (argument.tensor) inputs.push_back(*argument.tensor);
  }
}

void LayerCall::refuse(const std::string& message, const std::string& hint) const {
  throw SpecError(layer.location,
                  fmt::format("layer '{}' ({}): {}", name, layer.class_name, message), hint);
}

Tensor LayerCall::input() {
  if (inputs.size() != 1) {
    refuse(fmt::format("it is called with {} tensors instead of one", inputs.size()),
           "write an architecture file for this part");
  }
  return inputs.front();
}

std::int64_t LayerCall::integer(std::string_view key, std::int64_t otherwise) const {
  const auto value = config.find(key);
  return value ? integer_of(*value, key, text::any_integer) : otherwise;
}

std::int64_t LayerCall::required_integer(std::string_view key) const {
  return integer_of(config.require(key, layer.location), key, 1);
}

std::vector<std::int64_t> LayerCall::extent(std::string_view key, int axes,
                                            std::int64_t otherwise) const {
  const auto count = static_cast<std::size_t>(axes);
  const auto value = config.find(key);
  std::vector<std::int64_t> sizes(count, otherwise);
  if (!value) return sizes;
  sizes = integers_of(*value, key, 1);
  if (!value->is_sequence()) sizes.resize(count, sizes.front());
  if (sizes.size() != count) {
    throw SpecError(value->location(),
                    fmt::format("'{}' has {} entries, where {} has {} spatial axes", key,
                                sizes.size(), layer.class_name, axes),
                    "write the file with model.to_json()");
  }
  return sizes;
}

int LayerCall::axis(std::int64_t keras_axis, const Shape& shape) const {
  const int rank = shape.rank();
  const std::int64_t place = keras_axis < 0 ? keras_axis + rank : keras_axis - 1;
  if (place < 0 || place >= rank) {
    refuse(fmt::format("axis {} of samples with {} axes", keras_axis, rank),
           "axes count from 1, behind the batch, or from -1, the last one");
  }
  if (building.channels_first) return static_cast<int>(place);
  return place == rank - 1 ? 0 : static_cast<int>(place) + 1;
}

std::vector<int> LayerCall::axes(std::string_view key, std::int64_t otherwise,
                                 const Shape& shape) const {
  const auto value = config.find(key);
  if (!value) return {axis(otherwise, shape)};
  std::vector<int> result;
  for (const std::int64_t number : integers_of(*value, key, text::any_integer)) {
    result.push_back(axis(number, shape));
  }
  return result;
}

void LayerCall::require_spatial(const Shape& shape, int axes) const {
  if (shape.spatial_rank() == axes) return;
  refuse(fmt::format("it reads samples with {} spatial axes, not {} (their shape is {}, channels "
                     "first)",
                     axes, shape.spatial_rank(), shape.to_text()),
         "check the layers before it");
}

Tensor LayerCall::map(Tensor from, std::string component, std::vector<Setting> settings,
                      const Shape& output) {
  return {add_step(*this, {.kind = Step::Kind::map,
                           .component = std::move(component),
                           .settings = std::move(settings),
                           .inputs = {from.step},
                           .output = output})};
}

Tensor LayerCall::owning_map(Tensor from, std::string component, std::vector<Setting> settings,
                             const Shape& output) {
  const Tensor result = map(from, std::move(component), std::move(settings), output);
  building.network.step(result.step).weights = name;
  const bool is_first =
      building.heads
          .emplace(std::tuple(layer.location.line, layer.location.column, ""), result.step)
          .second;
  if (!is_first) {
    refuse("it is called twice, and its parameters cannot be shared",
           "give each call a layer of its own");
  }
  return result;
}

Tensor LayerCall::head(Tensor from, std::string component, std::vector<Setting> settings,
                       const Shape& output, bool bias, const std::string& part) {
  const auto key = std::tuple(layer.location.line, layer.location.column, part);
  const auto owner = building.heads.find(key);
  Step step{.kind = Step::Kind::head,
            .component = std::move(component),
            .settings = std::move(settings),
            .inputs = {from.step},
            .output = output,
            .name = part.empty() ? name : name + "/" + part,
            .bias = bias};
  if (owner != building.heads.end()) {
    step.share = owner->second;
  } else {
    step.weights = step.name;
  }
  const StepId id = add_step(*this, std::move(step));
  if (owner == building.heads.end()) building.heads.emplace(key, id);
  return {id};
}

Tensor LayerCall::merge(std::string component, std::vector<Setting> settings,
                        const std::vector<Tensor>& from, const Shape& output) {
  Step step{.kind = Step::Kind::merge,
            .component = std::move(component),
            .settings = std::move(settings),
            .inputs = {},
            .output = output};
  for (const Tensor tensor : from) step.inputs.push_back(tensor.step);
  return {add_step(*this, std::move(step))};
}

Tensor LayerCall::scale(Tensor from, double by) {
  return map(from, "scale", {{"by", yaml_number(by)}}, shape(from));
}

Tensor LayerCall::shift(Tensor from, double by) {
  return map(from, "shift", {{"by", yaml_number(by)}}, shape(from));
}

std::span<const std::string_view> axis_names(int rank) {
  static constexpr std::array<std::string_view, 2> length{"channels", "length"};
  static constexpr std::array<std::string_view, 3> plane{"channels", "height", "width"};
  static constexpr std::array<std::string_view, 4> space{"channels", "depth", "height", "width"};
  if (rank <= 2) return std::span(length).first(static_cast<std::size_t>(rank));
  return rank == 3 ? std::span<const std::string_view>(plane) : space;
}

std::vector<std::int64_t> keras_sizes(const Shape& shape, bool channels_first) {
  std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  if (!channels_first) std::rotate(sizes.begin(), sizes.begin() + 1, sizes.end());
  return sizes;
}

Shape shape_of(const std::vector<std::int64_t>& sizes, bool channels_first) {
  std::vector<std::int64_t> ours = sizes;
  if (!channels_first && !ours.empty()) std::rotate(ours.begin(), ours.end() - 1, ours.end());
  return Shape(ours);
}

std::string written_extent(const std::vector<std::int64_t>& extent) {
  const bool agree = std::ranges::all_of(extent, [&](std::int64_t n) { return n == extent[0]; });
  return agree ? std::to_string(extent[0]) : yaml_list(extent);
}

}  // namespace smoothbound::models::keras
