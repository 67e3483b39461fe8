// Layers of Darknet with parameters.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "darknet/translator.hpp"
#include "window_steps.hpp"

namespace smoothbound::models::darknet {
namespace {

// What Darknet and its forks add to the variance, but for one function of the original that is not
// used in training: it adds 1e-6 to the root.
constexpr const char* epsilon = "1e-5";

std::string list_of(const std::vector<float>& numbers) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const float number : numbers) texts.push_back(yaml_number(number));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

// The arrays of a layer as the file of weights has them one behind the other.
struct Arrays {
  Translator& translator;
  std::int64_t units;

  [[nodiscard]] FileRegion take(std::int64_t count) const {
    return translator.weights == nullptr ? FileRegion{} : translator.weights->take(count);
  }
  void own(StepId step, std::string name, std::vector<std::int64_t> shape, FileRegion region) {
    if (translator.weights == nullptr) return;
    translator.arrays.push_back({step, {std::move(name), std::move(shape), std::move(region)}});
  }
};

struct NormRegions {
  FileRegion shift;
  FileRegion scale;
  FileRegion mean;
  FileRegion variance;
};

NormRegions take_statistics(Arrays& arrays, FileRegion shift) {
  NormRegions regions{std::move(shift), {}, {}, {}};
  regions.scale = arrays.take(arrays.units);
  regions.mean = arrays.take(arrays.units);
  regions.variance = arrays.take(arrays.units);
  return regions;
}

// (z - mean) / sqrt(variance + epsilon), scaled and shifted.
StepId add_batch_norm(Translator& translator, StepId input, const std::string& prefix,
                      const NormRegions& regions) {
  Arrays arrays{translator, translator.network.shape(input).channels()};
  translator.has_batch_norms = true;
  std::vector<Setting> settings{{"epsilon", epsilon}, {"per", "channel"}};
  const bool has_numbers = translator.weights != nullptr;
  const bool is_fixed =
      has_numbers && translator.options.batch_norms == ImportOptions::BatchNorms::fixed;
  const bool in_text = is_fixed && translator.options.statistics_in_text;
  if (is_fixed) settings.push_back({"statistics", "fixed"});
  if (in_text) {
    const auto values = [&](const FileRegion& region) {
      return list_of(translator.weights->values(region, arrays.units));
    };
    settings.push_back({"mean", values(regions.mean)});
    settings.push_back({"variance", values(regions.variance)});
  }
  settings.push_back({"affine", "true"});
  const StepId step =
      translator.map("batch_norm", std::move(settings), input, translator.network.shape(input));
  if (!has_numbers) return step;
  translator.network.step(step).weights = prefix;
  arrays.own(step, prefix + ".weight", {arrays.units}, regions.scale);
  arrays.own(step, prefix + ".bias", {arrays.units}, regions.shift);
  if (is_fixed && !in_text) {
    arrays.own(step, prefix + ".running_mean", {arrays.units}, regions.mean);
    arrays.own(step, prefix + ".running_var", {arrays.units}, regions.variance);
  }
  return step;
}

// Options that say that a layer computes something else.
void refuse_options(Translator& translator, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (translator.section->integer(key, 0, -1) == 0) continue;
    translator.section->add_mistake(
        translator.section->place_of(key),
        fmt::format("'{}' of [{}] has no counterpart", key, translator.section->name),
        "give such a layer as opaque, with constants of your own");
  }
}

Shape conv_output(const Translator& translator, const Shape& input, std::int64_t filters,
                  const Pair& stride, std::int64_t size, std::int64_t padding,
                  std::int64_t dilation) {
  Pair output{};
  for (std::size_t axis = 0; axis < output.size(); ++axis) {
    const std::int64_t image = input.spatial(static_cast<int>(axis));
    const std::int64_t rest = image + 2 * padding * dilation - dilation * (size - 1) - 1;
    if (rest < 0) {
      translator.refuse("size", "the filters are larger than the padded image",
                        "use a smaller size, or padding");
    }
    output.at(axis) = rest / stride.at(axis) + 1;
    // Darknet leaves the dilation out here.
    const std::int64_t stated = (image + 2 * padding - size) / stride.at(axis) + 1;
    if (output.at(axis) == stated) continue;
    translator.refuse("dilation",
                      fmt::format("with this dilation the output has {} positions along an axis, "
                                  "where Darknet reserves {}",
                                  output.at(axis), stated),
                      "use pad=1 and an odd size");
  }
  return {filters, output[0], output[1]};
}

}  // namespace

StepId read_convolutional(Translator& translator) {
  Section& section = *translator.section;
  const StepId input = translator.as_image(translator.before());
  const Shape image = translator.network.shape(input);
  const std::int64_t filters = section.integer("filters", 1, 1);
  const std::int64_t size = section.integer("size", 1, 1);
  const std::int64_t stride = section.integer("stride", 1, 1);
  const Pair strides{section.integer("stride_y", stride, 1),
                     section.integer("stride_x", stride, 1)};
  const std::int64_t dilation = section.integer("dilation", 1, 1);
  const std::int64_t groups = section.integer("groups", 1, 1);
  std::int64_t padding = section.integer("padding", 0, 0);
  if (section.integer("pad", 0, 0) != 0) padding = size / 2;
  const bool has_norm = section.integer("batch_normalize", 0, 0) != 0;
  refuse_options(translator, {"binary", "xnor", "bin_output", "antialiasing", "deform", "rotate",
                              "stretch", "stretch_sway", "sway", "share_index", "coordconv"});
  if (image.channels() % groups != 0 || filters % groups != 0) {
    translator.refuse("groups",
                      fmt::format("{} groups do not divide {} input channels and {} filters",
                                  groups, image.channels(), filters),
                      "groups must divide both");
  }
  if (translator.weights != nullptr)
    refuse_options(translator, {"flipped", "dontloadscales"});
  else {
    section.find("flipped");
    section.find("dontloadscales");
  }
  const Shape output = conv_output(translator, image, filters, strides, size, padding, dilation);

  std::vector<Setting> settings{{"filters", std::to_string(filters)},
                                {"kernel", std::to_string(size)}};
  if (strides != Pair{1, 1}) settings.push_back({"stride", extent_text(strides)});
  if (padding != 0) settings.push_back({"padding", std::to_string(padding * dilation)});
  if (dilation != 1) settings.push_back({"dilation", std::to_string(dilation)});
  if (groups != 1) settings.push_back({"groups", std::to_string(groups)});
  const std::string name = translator.name_of("conv");
  StepId step = translator.network.add({.kind = Step::Kind::head,
                                        .component = "conv",
                                        .settings = std::move(settings),
                                        .inputs = {input},
                                        .output = output,
                                        .name = name,
                                        .bias = !has_norm});

  Arrays arrays{translator, filters};
  FileRegion shift = arrays.take(filters);
  NormRegions regions;
  if (has_norm) regions = take_statistics(arrays, shift);
  const std::vector<std::int64_t> sizes{filters, image.channels() / groups, size, size};
  std::int64_t count = 1;
  for (const std::int64_t extent : sizes) {
    count = checked_product(count, extent, "the number of parameters");
  }
  if (translator.weights != nullptr) translator.network.step(step).weights = name;
  arrays.own(step, name + ".weight", sizes, arrays.take(count));
  if (has_norm) {
    step = add_batch_norm(translator, step, name + ".norm", regions);
  } else {
    arrays.own(step, name + ".bias", {filters}, std::move(shift));
  }
  return translator.activation(step, "logistic");
}

StepId read_connected(Translator& translator) {
  Section& section = *translator.section;
  const StepId input = translator.before();
  const std::int64_t inputs = translator.network.shape(input).elements();
  const std::int64_t units = section.integer("output", 1, 1);
  const bool has_norm = section.integer("batch_normalize", 0, 0) != 0;
  const std::string name = translator.name_of("dense");
  StepId step = translator.network.add({.kind = Step::Kind::head,
                                        .component = "dense",
                                        .settings = {{"", std::to_string(units)}},
                                        .inputs = {input},
                                        .output = {units},
                                        .name = name,
                                        .bias = !has_norm});
  Arrays arrays{translator, units};
  FileRegion shift = arrays.take(units);
  FileRegion matrix = arrays.take(checked_product(units, inputs, "the number of parameters"));
  if (translator.weights != nullptr) {
    matrix.reversed = translator.weights->is_transposed();
    translator.network.step(step).weights = name;
  }
  arrays.own(step, name + ".weight", {units, inputs}, std::move(matrix));
  if (has_norm) {
    const NormRegions regions = take_statistics(arrays, std::move(shift));
    step = add_batch_norm(translator, step, name + ".norm", regions);
  } else {
    arrays.own(step, name + ".bias", {units}, std::move(shift));
  }
  return translator.activation(step, "logistic");
}

StepId read_batch_norm(Translator& translator) {
  const StepId input = translator.before();
  Arrays arrays{translator, translator.network.shape(input).channels()};
  const NormRegions regions = take_statistics(arrays, arrays.take(arrays.units));
  return add_batch_norm(translator, input, translator.name_of("batch_norm"), regions);
}

}  // namespace smoothbound::models::darknet
