#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layer_call.hpp"
#include "smoothbound/text/fields.hpp"

namespace smoothbound::models::keras {
namespace {

// The root, rounded towards 0: what is divided by it must not get too small.
double root_below(double value) {
  const double root = std::sqrt(value);
  return std::fma(root, root, -value) > 0 ? std::nextafter(root, 0.0) : root;
}

constexpr const char* other_axes_advice =
    "normalize along the channels, or write an architecture "
    "file";

// `affine`, and which of its halves is missing.
void add_affine(const LayerCall& call, std::vector<Setting>& settings) {
  const bool scale = call.config.flag("scale", true);
  const bool center = call.config.flag("center", true);
  if (!scale && !center) return;
  settings.push_back({"affine", "true"});
  if (!scale) settings.push_back({"scale", "false"});
  if (!center) settings.push_back({"shift", "false"});
}

std::string epsilon_of(const LayerCall& call, double otherwise) {
  const double epsilon = call.config.real("epsilon", otherwise);
  if (epsilon < 0) call.refuse("epsilon is below 0", "epsilon is a small number above 0");
  return yaml_number(epsilon);
}

Tensor normalized(LayerCall& call, Tensor input, const char* component,
                  std::vector<Setting> settings) {
  const bool owns =
      std::ranges::any_of(settings, [](const Setting& setting) { return setting.key == "affine"; });
  const Shape shape = call.shape(input);
  return owns ? call.owning_map(input, component, std::move(settings), shape)
              : call.map(input, component, std::move(settings), shape);
}

Tensor convert_batch_norm(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (call.axes("axis", -1, shape) != std::vector{0} && shape.rank() > 1) {
    call.refuse("its features are not the channels", other_axes_advice);
  }
  std::vector<Setting> settings{{"epsilon", epsilon_of(call, 1e-3)}, {"per", "channel"}};
  add_affine(call, settings);
  call.building.notes.insert(
      "the file has no numbers: batch normalizations take the mean and variance of each batch, as "
      "in training");
  return normalized(call, input, "batch_norm", std::move(settings));
}

// Along the channels of each position, or the one axis that there is.
Tensor normalize_positions(LayerCall& call, const char* component, double epsilon, bool has_shift) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (call.config.flag("rms_scaling", false)) {
    call.refuse("rms_scaling", "use RMSNormalization");
  }
  if (call.axes("axis", -1, shape) != std::vector{0}) {
    call.refuse("it normalizes along other axes than the channels", other_axes_advice);
  }
  std::vector<Setting> settings{{"epsilon", epsilon_of(call, epsilon)}};
  if (shape.rank() > 1) settings.push_back({"per", "position"});
  if (has_shift) {
    add_affine(call, settings);
  } else {
    settings.push_back({"affine", "true"});
    settings.push_back({"shift", "false"});
  }
  return normalized(call, input, component, std::move(settings));
}

Tensor convert_layer_norm(LayerCall& call) {
  return normalize_positions(call, "layer_norm", 1e-3, true);
}

Tensor convert_rms_norm(LayerCall& call) {
  return normalize_positions(call, "rms_norm", 1e-6, false);
}

Tensor convert_group_norm(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (call.axes("axis", -1, shape) != std::vector{0}) {
    call.refuse("its groups are not of channels", other_axes_advice);
  }
  constexpr std::int64_t usual_groups = 32;
  std::int64_t groups = call.integer("groups", usual_groups);
  if (groups == -1) groups = shape.channels();
  if (groups < 1 || shape.channels() % groups != 0) {
    call.refuse(fmt::format("{} groups of {} channels", groups, shape.channels()),
                "groups divide the channels");
  }
  std::vector<Setting> settings{{"groups", std::to_string(groups)},
                                {"epsilon", epsilon_of(call, 1e-3)}};
  add_affine(call, settings);
  return normalized(call, input, "group_norm", std::move(settings));
}

// The numbers of a list in lists: one for all, or one for each channel.
std::vector<double> numbers_of(const LayerCall& call, std::string_view key, const Shape& shape,
                               double otherwise) {
  const auto value = call.config.find(key);
  if (!value) return {otherwise};
  text::Value list = *value;
  while (list.is_sequence() && list.size() == 1) list = *list.first_child();
  // A layer that is called often reads them as often.
  constexpr std::uint32_t most_numbers = 4096;
  if (list.is_sequence() && list.size() > most_numbers) {
    call.refuse(fmt::format("'{}' has {} numbers, more than the limit of {}", key, list.size(),
                            most_numbers),
                "scale the samples instead");
  }
  std::vector<double> numbers;
  if (list.is_sequence()) {
    for (auto item = list.first_child(); item; item = item->next_sibling()) {
      numbers.push_back(real_of(*item, key));
    }
  } else {
    numbers.push_back(real_of(list, key));
  }
  if (numbers.size() != 1 && numbers.size() != static_cast<std::size_t>(shape.channels())) {
    throw SpecError(
        value->location(),
        fmt::format("'{}' has {} numbers for {} channels", key, numbers.size(), shape.channels()),
        "give one for all, or one for each channel");
  }
  return numbers;
}

std::string written_numbers(const std::vector<double>& numbers) {
  if (numbers.size() == 1) return yaml_number(numbers.front());
  std::string text = "[";
  for (const double number : numbers) {
    text += (text.size() > 1 ? ", " : "") + yaml_number(number);
  }
  return text + "]";
}

bool all_are(const std::vector<double>& numbers, double value) {
  return std::ranges::all_of(numbers, [&](double number) { return number == value; });
}

Tensor scaled_and_shifted(LayerCall& call, Tensor input, const std::vector<double>& by,
                          const std::vector<double>& plus) {
  const Shape shape = call.shape(input);
  Tensor result = input;
  if (!all_are(by, 1)) result = call.map(result, "scale", {{"by", written_numbers(by)}}, shape);
  if (!all_are(plus, 0)) result = call.map(result, "shift", {{"by", written_numbers(plus)}}, shape);
  return result;
}

Tensor convert_rescaling(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (call.building.channels_first && shape.rank() > 1) {
    for (const std::string_view key : {"scale", "offset"}) {
      const auto value = call.config.find(key);
      if (value && value->is_sequence()) {
        call.refuse("numbers for the last axis, which is not that of the channels",
                    "use data_format='channels_last'");
      }
    }
  }
  return scaled_and_shifted(call, input, numbers_of(call, "scale", shape, 1),
                            numbers_of(call, "offset", shape, 0));
}

// (x - mean) / max(sqrt(variance), 1e-7)
Tensor convert_normalization(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (!call.config.find("mean") || !call.config.find("variance")) {
    call.building.notes.insert(
        fmt::format("layer '{}' (Normalization) is left out: its mean and variance are not in the "
                    "file; scale the samples, or add 'scale' and 'shift'",
                    call.name));
    return input;
  }
  if (call.axes("axis", -1, shape) != std::vector{0}) {
    call.refuse("its features are not the channels", other_axes_advice);
  }
  if (call.config.flag("invert", false)) call.refuse("invert", "write scale and shift instead");
  const auto mean = numbers_of(call, "mean", shape, 0);
  const auto variance = numbers_of(call, "variance", shape, 1);
  constexpr double keras_epsilon = 1e-7;
  const std::size_t count = std::max(mean.size(), variance.size());
  std::vector<double> by;
  std::vector<double> plus;
  for (std::size_t i = 0; i < count; ++i) {
    const double spread = variance[std::min(i, variance.size() - 1)];
    if (spread < 0) call.refuse("a variance below 0", "adapt the layer to samples");
    const double deviation = std::max(root_below(spread), keras_epsilon);
    const double middle = mean[std::min(i, mean.size() - 1)];
    by.push_back(outward_quotient(1, deviation));
    plus.push_back(middle == 0 ? 0 : outward_quotient(-middle, deviation));
    if (!std::isfinite(by.back()) || !std::isfinite(plus.back())) {
      call.refuse("numbers beyond those of a double", "scale the samples");
    }
  }
  return scaled_and_shifted(call, input, by, plus);
}

constexpr std::array rows_of_normalizations{
    LayerRow{"BatchNormalization", convert_batch_norm, "batch_norm"},
    LayerRow{"SyncBatchNormalization", convert_batch_norm, "batch_norm"},
    LayerRow{"LayerNormalization", convert_layer_norm, "layer_norm"},
    LayerRow{"RMSNormalization", convert_rms_norm, "rms_norm"},
    LayerRow{"GroupNormalization", convert_group_norm, "group_norm"},
    LayerRow{"Rescaling", convert_rescaling, "scale, shift"},
    LayerRow{"Normalization", convert_normalization, "scale, shift"},
};

}  // namespace

std::span<const LayerRow> normalization_layers() { return rows_of_normalizations; }

}  // namespace smoothbound::models::keras
