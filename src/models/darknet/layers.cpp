// Layers of Darknet without parameters, and the table of all.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "darknet/translator.hpp"
#include "smoothbound/text/suggest.hpp"
#include "window_steps.hpp"

namespace smoothbound::models::darknet {
namespace {

// A function as maps of this program; none: it is the identity.
struct ActivationRow {
  std::string_view name;
  std::string_view component;
  std::string_view settings = {};  // of the component: "slope: 0.1"
};

constexpr std::array<ActivationRow, 17> activations{{{"logistic", "sigmoid"},
                                                     {"leaky", "leaky_relu", "0.1"},
                                                     {"linear", ""},
                                                     {"relu", "relu"},
                                                     {"mish", "mish"},
                                                     {"swish", "silu"},
                                                     {"tanh", "tanh"},
                                                     {"elu", "elu"},
                                                     {"selu", "selu"},
                                                     {"gelu", "gelu_tanh"},
                                                     {"relu6", "relu6"},
                                                     {"relie", "leaky_relu", "0.01"},
                                                     {"revleaky", "leaky_relu", "0.1"},
                                                     {"hardtan", "hard_tanh"},
                                                     {"loggy", "tanh"},  // of x/2: see below
                                                     {"sigmoid", "sigmoid"},
                                                     {"identity", ""}}};

StepId read_max_pool(Translator& translator) {
  Section& section = *translator.section;
  const StepId input = translator.as_image(translator.before());
  const Shape image = translator.network.shape(input);
  const std::int64_t stride = section.integer("stride", 1, 1);
  const Pair strides{section.integer("stride_y", stride, 1),
                     section.integer("stride_x", stride, 1)};
  const std::int64_t size = section.integer("size", stride, 1);
  const std::int64_t padding = section.integer("padding", size - 1, 0);
  for (const std::string_view key : {"maxpool_depth", "antialiasing"}) {
    if (section.integer(key, 0, 0) == 0) continue;
    section.add_mistake(section.place_of(key),
                        fmt::format("'{}' of [{}] has no counterpart", key, section.name),
                        "give such a layer as opaque, with constants of your own");
  }
  Windows windows{.input = {image.spatial(0), image.spatial(1)},
                  .kernel = {size, size},
                  .stride = strides,
                  .before = {padding / 2, padding / 2}};
  for (std::size_t axis = 0; axis < windows.output.size(); ++axis) {
    const std::int64_t rest = windows.input.at(axis) + padding - size;
    windows.output.at(axis) = rest < 0 ? 0 : rest / strides.at(axis) + 1;
  }
  return add_max_pool(translator.network, input, windows, translator.name_of("max_pool"));
}

StepId read_average_pool(Translator& translator) {
  const StepId input = translator.before();
  const Shape image = translator.network.shape(input);
  if (image.rank() == 1) return input;
  return translator.map("global_average_pool", {}, input, {image.channels()});
}

// Over all scalars of a sample, or those of each of `groups` runs of them.
StepId read_softmax(Translator& translator) {
  Section& section = *translator.section;
  StepId step = translator.before();
  const Shape shape = translator.network.shape(step);
  const std::int64_t groups = section.integer("groups", 1, 1);
  const double temperature = section.real("temperature", 1);
  const bool is_spatial = section.integer("spatial", 0, 0) != 0;
  if (section.find("tree") != nullptr) {
    translator.refuse("tree", "a softmax over a tree of classes has no counterpart",
                      "leave the section out: the network ends in its scores then");
  }
  if (!(temperature > 0)) {
    translator.refuse("temperature", "'temperature' has to be above 0", "for example 1");
  }
  if (shape.elements() % groups != 0) {
    translator.refuse("groups",
                      fmt::format("{} groups do not divide {} scores", groups, shape.elements()),
                      "use a divisor of the number of scores");
  }
  if (temperature != 1) {
    step =
        translator.map("scale", {{"", yaml_number(outward_quotient(1, temperature))}}, step, shape);
  }
  if (is_spatial && groups == 1) return translator.map("softmax", {}, step, shape);
  const Shape flat{shape.elements()};
  if (groups == 1) {
    if (shape.rank() > 1) step = translator.map("flatten", {}, step, flat);
    return translator.map("softmax", {}, step, flat);
  }
  if (is_spatial) {
    translator.refuse("groups", "a softmax of groups of channels has no counterpart",
                      "leave the section out: the network ends in its scores then");
  }
  const Shape rows{groups, shape.elements() / groups};
  step = translator.map("reshape", {{"", yaml_list({rows.sizes().begin(), rows.sizes().end()})}},
                        step, rows);
  step = translator.map("softmax", {{"", "length"}}, step, rows);
  return translator.map("flatten", {}, step, flat);
}

StepId read_dropout(Translator& translator) {
  const StepId input = translator.before();
  const double rate = translator.section->real("probability", 0.5);
  for (const std::string_view key : {"dropblock", "dropblock_size_rel", "dropblock_size_abs"}) {
    translator.section->find(key);
  }
  return translator.map("dropout", {{"", yaml_number(rate)}}, input,
                        translator.network.shape(input));
}

// `branch` as the shape of the layer that it is added to: every stride-th position of it, and
// channels of zeros or only the first ones.
StepId fitted(Translator& translator, StepId branch, const Shape& to) {
  const Shape from = translator.network.shape(branch);
  if (from == to) return branch;
  const auto refuse = [&] {
    translator.refuse(
        "from", fmt::format("a sum of {} and {} has no counterpart", to.to_text(), from.to_text()),
        "the layer that is added may have other channels, and a multiple of the positions");
  };
  if (from.rank() != to.rank()) refuse();
  if (from.rank() == 1) return refuse(), branch;
  const std::int64_t stride = from.spatial(0) / to.spatial(0);
  if (stride < 1 || from.spatial(1) / to.spatial(1) != stride ||
      ceiling_of(from.spatial(0), std::max<std::int64_t>(stride, 1)) != to.spatial(0) ||
      ceiling_of(from.spatial(1), std::max<std::int64_t>(stride, 1)) != to.spatial(1)) {
    refuse();
  }
  if (from.channels() > to.channels()) {
    branch = translator.slice(branch, "channels", 0, to.channels());
  }
  if (translator.network.shape(branch) == to) return branch;
  return translator.map(
      "padded_shortcut",
      {{"channels", std::to_string(to.channels())}, {"stride", std::to_string(stride)}}, branch,
      to);
}

StepId scaled(Translator& translator, StepId step, double factor) {
  if (factor == 1) return step;
  return translator.map("scale", {{"", yaml_number(factor)}}, step, translator.network.shape(step));
}

StepId read_shortcut(Translator& translator) {
  Section& section = *translator.section;
  const StepId input = translator.before();
  const Shape shape = translator.network.shape(input);
  const std::vector<StepId> branches = translator.named_layers("from");
  if (section.word("weights_type", "none") != "none") {
    translator.refuse("weights_type", "weighted sums of layers are not read", "use none");
  }
  section.find("weights_normalization");
  const double own = section.real("alpha", 1);
  const double other = section.real("beta", 1);
  std::vector<StepId> inputs{scaled(translator, input, own)};
  for (const StepId branch : branches) {
    inputs.push_back(scaled(translator, fitted(translator, branch, shape), other));
  }
  return translator.activation(translator.merge("add", std::move(inputs), shape), "linear");
}

StepId read_route(Translator& translator) {
  Section& section = *translator.section;
  std::vector<StepId> inputs = translator.named_layers("layers");
  const std::int64_t groups = section.integer("groups", 1, 1);
  const std::int64_t group = section.integer("group_id", 0, 0);
  if (group >= groups) {
    translator.refuse("group_id", fmt::format("group {} of {} groups", group, groups),
                      "groups are counted from 0");
  }
  std::int64_t channels = 0;
  for (StepId& input : inputs) {
    const Shape shape = translator.network.shape(input);
    if (shape.channels() % groups != 0) {
      translator.refuse(
          "groups", fmt::format("{} groups do not divide {} channels", groups, shape.channels()),
          "use a divisor of the number of channels");
    }
    if (groups > 1) {
      const std::int64_t size = shape.channels() / groups;
      input = translator.slice(input, "channels", group * size, (group + 1) * size);
    }
    channels = checked_sum(channels, shape.channels() / groups, "the number of channels");
  }
  if (inputs.size() == 1) return inputs.front();
  const Shape first = translator.network.shape(inputs.front());
  std::vector<std::int64_t> sizes(first.sizes().begin(), first.sizes().end());
  for (const StepId input : inputs) {
    const Shape& shape = translator.network.shape(input);
    if (std::ranges::equal(shape.sizes().subspan(1), first.sizes().subspan(1))) continue;
    translator.refuse("layers",
                      fmt::format("{} and {} cannot be joined", first.to_text(), shape.to_text()),
                      "joined layers need the same positions");
  }
  sizes.front() = channels;
  return translator.merge("concat", std::move(inputs), Shape(sizes));
}

StepId reshape(Translator& translator, StepId step, const Shape& shape) {
  return translator.map("reshape", {{"", yaml_list({shape.sizes().begin(), shape.sizes().end()})}},
                        step, shape);
}

// Blocks of positions into channels, or back. [reorg] and the way back of [reorg3d] first read the
// image, row by row, as one of fewer and larger channels, and the result as what it should be.
StepId reorganized(Translator& translator, bool is_old) {
  Section& section = *translator.section;
  const StepId input = translator.as_image(translator.before());
  const Shape image = translator.network.shape(input);
  const std::int64_t s = section.integer("stride", 1, 1);
  const bool is_reverse = section.integer("reverse", 0, 0) != 0;
  const bool is_peculiar = is_reverse != is_old;
  if (section.integer("flatten", 0, 0) != 0 || section.integer("extra", 0, 0) != 0) {
    translator.refuse("flatten", "'flatten' and 'extra' have no counterpart", "leave them out");
  }
  const std::int64_t c = image.channels();
  const std::int64_t h = image.spatial(0);
  const std::int64_t w = image.spatial(1);
  const auto divides = [&](std::int64_t channels) {
    return channels % s == 0 && channels / s % s == 0;
  };
  const bool divides_channels = divides(c) && (!is_reverse || !is_peculiar || divides(c / s / s));
  const bool divides_positions = h % s == 0 && w % s == 0;
  if ((!divides_channels && (is_reverse || is_peculiar)) || (!divides_positions && !is_reverse)) {
    translator.refuse(
        "stride", fmt::format("[{}] cannot take {} apart by {}", section.name, image.to_text(), s),
        "height and width have to be multiples of the stride, and the channels of "
        "its square");
  }
  const auto times = [&](std::int64_t size) { return checked_product(size, s, "the image"); };
  const auto larger = [&](const Shape& shape) {
    return Shape{shape.channels() / s / s, times(shape.spatial(0)), times(shape.spatial(1))};
  };
  const auto smaller = [&](const Shape& shape) {
    return Shape{times(times(shape.channels())), shape.spatial(0) / s, shape.spatial(1) / s};
  };
  const Setting block{"", std::to_string(s)};
  const Shape from = is_peculiar ? larger(image) : image;
  StepId step = is_peculiar ? reshape(translator, input, from) : input;
  step = is_reverse ? translator.map("depth_to_space", {block}, step, larger(from))
                    : translator.map("space_to_depth", {block}, step, smaller(from));
  if (!is_peculiar) return step;
  return reshape(translator, step, is_reverse ? larger(image) : smaller(image));
}

StepId read_reorg(Translator& translator) { return reorganized(translator, true); }
StepId read_reorg3d(Translator& translator) { return reorganized(translator, false); }

StepId read_upsample(Translator& translator) {
  Section& section = *translator.section;
  const StepId input = translator.as_image(translator.before());
  const Shape image = translator.network.shape(input);
  const std::int64_t stride = section.integer("stride", 2, 1);
  const double factor = section.real("scale", 1);
  const Shape output{image.channels(), checked_product(image.spatial(0), stride, "the height"),
                     checked_product(image.spatial(1), stride, "the width")};
  const StepId step =
      translator.map("upsample", {{"factor", std::to_string(stride)}}, input, output);
  return scaled(translator, step, factor);
}

// The middle of an image whose values from 0 to 1 become -1 to 1, as at evaluation.
StepId read_crop(Translator& translator) {
  Section& section = *translator.section;
  StepId step = translator.as_image(translator.before());
  const Shape image = translator.network.shape(step);
  const Pair sizes{section.integer("crop_height", 1, 1), section.integer("crop_width", 1, 1)};
  const bool is_adjusted = section.integer("noadjust", 0, 0) == 0;
  for (const std::string_view key : {"flip", "angle", "saturation", "exposure", "shift"}) {
    section.find(key);
  }
  constexpr std::array<std::string_view, 2> axes{"height", "width"};
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const std::int64_t size = image.spatial(static_cast<int>(axis));
    if (sizes.at(axis) > size) {
      translator.refuse(axis == 0 ? "crop_height" : "crop_width",
                        fmt::format("{} positions of {}", sizes.at(axis), size),
                        "crop at most the image");
    }
    const std::int64_t from = (size - sizes.at(axis)) / 2;
    if (sizes.at(axis) < size)
      step = translator.slice(step, axes.at(axis), from, from + sizes.at(axis));
  }
  if (!is_adjusted) return step;
  const Shape shape = translator.network.shape(step);
  step = translator.map("scale", {{"", "2"}}, step, shape);
  return translator.map("shift", {{"", "-1"}}, step, shape);
}

StepId read_activation(Translator& translator) {
  return translator.activation(translator.before(), "linear");
}

// A factor for each channel, or for each scalar.
StepId read_product(Translator& translator) {
  const StepId factor = translator.before();
  const std::vector<StepId> named = translator.named_layers("from");
  if (named.size() != 1) {
    translator.refuse("from", "'from' has to name one layer", "for example from=-4");
  }
  if (translator.section->integer("scale_wh", 0, 0) != 0) {
    translator.refuse("scale_wh", "factors of positions are not read", "leave it out");
  }
  const Shape shape = translator.network.shape(named.front());
  const Shape& of_factor = translator.network.shape(factor);
  const bool is_for_channels =
      of_factor.positions() == 1 && of_factor.channels() == shape.channels();
  if (of_factor != shape && !is_for_channels) {
    translator.refuse("from",
                      fmt::format("a product of {} and {} has no counterpart", shape.to_text(),
                                  of_factor.to_text()),
                      "the factor needs the same shape, or one number for each channel");
  }
  return translator.activation(translator.merge("multiply", {named.front(), factor}, shape),
                               "linear");
}

// A loss, which passes its input on.
StepId read_cost(Translator& translator) {
  for (const std::string_view key : {"type", "scale", "ratio", "noobject_scale", "thresh"}) {
    translator.section->find(key);
  }
  return translator.before();
}

constexpr const char* recurrent = "recurrent layers have no counterpart";
constexpr std::array<LayerRow, 30> rows{
    {{"convolutional", "conv", "conv, with batch_norm and an activation", read_convolutional},
     {"connected", "conn", "dense, with batch_norm and an activation", read_connected},
     {"batchnorm", {}, "batch_norm", read_batch_norm},
     {"maxpool", "max", "max_pool", read_max_pool},
     {"avgpool", "avg", "global_average_pool", read_average_pool},
     {"softmax", "soft", "softmax", read_softmax},
     {"dropout", {}, "dropout", read_dropout},
     {"shortcut", {}, "add, with padded_shortcut where shapes differ", read_shortcut},
     {"route", {}, "concat, with slice where it takes a group", read_route},
     {"reorg", {}, "reshape, space_to_depth and reshape", read_reorg},
     {"reorg3d", {}, "space_to_depth", read_reorg3d},
     {"upsample", {}, "upsample", read_upsample},
     {"crop", {}, "slice of the middle, scale and shift", read_crop},
     {"activation", {}, "an activation", read_activation},
     {"scale_channels", {}, "multiply", read_product},
     {"sam", {}, "multiply", read_product},
     {"cost", {}, "nothing: a loss", read_cost},
     {"logistic",
      {},
      "sigmoid",
      [](Translator& translator) {
        return translator.activation(translator.before(), "logistic");
      }},
     {"yolo", {}, "nothing: a head", nullptr, true},
     {"region", {}, "nothing: a head", nullptr, true},
     {"detection", {}, "nothing: a head", nullptr, true},
     {"gaussian_yolo", {}, "nothing: a head", nullptr, true},
     {"iseg", {}, "nothing: a head", nullptr, true},
     {"rnn", {}, recurrent, nullptr},
     {"lstm", {}, recurrent, nullptr},
     {"gru", {}, recurrent, nullptr},
     {"crnn", {}, recurrent, nullptr},
     {"conv_lstm", {}, recurrent, nullptr},
     {"local", {}, "filters of its own for each position have no counterpart", nullptr},
     {"deconvolutional", "deconv", "it is cut at its ends as no layer here", nullptr}}};

}  // namespace

std::span<const LayerRow> layer_rows() { return rows; }

StepId Translator::activation(StepId input, std::string_view otherwise) {
  const std::string_view word = section->word("activation", otherwise);
  const auto row = std::ranges::find(activations, word, &ActivationRow::name);
  if (row == activations.end()) {
    std::vector<std::string_view> names;
    names.reserve(std::size(activations));
    for (const ActivationRow& known : activations) names.push_back(known.name);
    const Option* const option = section->find("activation");
    throw SpecError(option == nullptr ? section->location : option->value_place,
                    fmt::format("the activation '{}' is not read", word),
                    suggest(word, names, "known are " + join(names)));
  }
  const Shape shape = network.shape(input);
  if (row->component.empty()) return input;
  if (word == "loggy") input = map("scale", {{"", "0.5"}}, input, shape);
  std::vector<Setting> settings;
  if (!row->settings.empty()) settings.push_back({"", std::string(row->settings)});
  return map(row->component, std::move(settings), input, shape);
}

}  // namespace smoothbound::models::darknet
