// Attention as models spell it out, step by step.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "smoothbound/models/network.hpp"

namespace smoothbound::testing {

/// One of the ways in which exporters write it.
struct AttentionForm {
  std::int64_t heads = 2;
  std::int64_t width = 3;  // of a head
  std::int64_t tokens = 5;
  bool is_packed = true;          // one dense layer for queries, keys and values
  bool cuts_a_stack = false;      // of three, and not rows
  bool keys_are_last = true;      // scores are [queries, keys]
  bool weights_are_first = true;  // in the product with values
  bool turns_first = false;       // the first factor of the scores lies transposed
  bool turns_second = false;
  bool turns_values = false;
  bool goes_by_tokens = false;  // the mixture, before the dense layer
  int scale = 0;                // where it stands
  bool causal = false;
  bool bias = true;
  // What makes it another function, or one that is no attention.
  std::string fault{};
};

inline std::string text_of(const AttentionForm& f) {
  return fmt::format(
      "heads {} width {} tokens {} packed {} stack {} keys last {} weights first {} turns {} {} {} "
      "by tokens {} scale {} causal {} bias {} fault {}",
      f.heads, f.width, f.tokens, f.is_packed, f.cuts_a_stack, f.keys_are_last, f.weights_are_first,
      f.turns_first, f.turns_second, f.turns_values, f.goes_by_tokens, f.scale, f.causal, f.bias,
      f.fault);
}

/// Writes such a network.
class AttentionWriter {
 public:
  explicit AttentionWriter(AttentionForm form)
      : f_(std::move(form)), network_("net", Shape{f_.heads * f_.width, f_.tokens}) {
    features_ = f_.heads * f_.width;
    dense("first", features_, models::Network::input);
    output_ = attention(network_.size() - 1, "a.");
  }

  [[nodiscard]] models::Network& network() { return network_; }
  [[nodiscard]] models::StepId output() const { return output_; }

  models::StepId dense(const std::string& name, std::int64_t units, models::StepId input,
                       bool bias = true) {
    models::Step step;
    step.kind = models::Step::Kind::head;
    step.component = "dense";
    step.settings = {{"units", std::to_string(units)}, {"per", "position"}};
    step.inputs = {input};
    step.output = Shape{units, f_.tokens};
    step.name = name;
    step.weights = name;
    step.bias = bias;
    add_tensor(name + ".weight", {units, network_.shape(input).channels()});
    if (bias) add_tensor(name + ".bias", {units});
    return network_.add(std::move(step));
  }

  models::StepId map(models::StepId input, const std::string& component,
                     std::vector<models::Setting> settings, const Shape& output) {
    models::Step step;
    step.component = component;
    step.settings = std::move(settings);
    step.inputs = {input};
    step.output = output;
    return network_.add(std::move(step));
  }

  models::StepId attention(models::StepId tokens, const std::string& path) {
    const std::array<models::StepId, 3> z = parts_of(tokens, path);
    const std::size_t first = f_.keys_are_last ? 0 : 1;
    const bool turned_both = f_.fault == "axes";
    const models::StepId scores = product(factor(z[first], f_.turns_first == turned_both),
                                          factor(z[1 - first], f_.turns_second != turned_both),
                                          f_.turns_first, f_.turns_second, {f_.tokens, f_.tokens});
    if (f_.fault == "scaled product") network_.step(scores).settings.push_back({"scale", "2"});
    const models::StepId weights = weighed(scores);
    const bool turned = (f_.keys_are_last != f_.weights_are_first) != (f_.fault == "weights");
    models::StepId mixture = 0;
    if (f_.weights_are_first) {
      mixture = product(weights, factor(z[2], !f_.turns_values), turned, f_.turns_values,
                        {f_.tokens, f_.width});
    } else {
      mixture = product(factor(z[2], f_.turns_values), weights, f_.turns_values, turned,
                        {f_.width, f_.tokens});
    }
    if (f_.fault == "product") network_.step(mixture).component = "multiply";
    const models::StepId last = dense(path + "out", features_, joined(mixture), f_.bias);
    if (f_.fault == "scores are read") return sum(last, shaped(scores));
    if (f_.fault == "values are read") return sum(last, z[2]);
    if (f_.fault == "packed is read") return sum(last, row(packed_, 1));
    return last;
  }

  models::StepId sum(models::StepId a, models::StepId b) {
    models::Step step;
    step.kind = models::Step::Kind::merge;
    step.component = "add";
    step.inputs = {a, b};
    step.output = network_.shape(a);
    return network_.add(std::move(step));
  }

 private:
  void add_tensor(const std::string& name, std::vector<std::int64_t> shape) {
    network_.tensors.push_back({name, std::move(shape), {}});
  }

  // Queries, keys and values [features, tokens].
  std::array<models::StepId, 3> parts_of(models::StepId tokens, const std::string& path) {
    std::array<models::StepId, 3> z{};
    const std::array<std::string, 3> names{"q", "k", "v"};
    packed_ = f_.is_packed ? dense(path + "qkv", 3 * features_, tokens, f_.bias) : 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      std::size_t part = i;
      if (f_.fault == "order" && i != 1) part = 2 - i;
      const bool reads_other = f_.fault == "values of another" && i == 2;
      z[i] = f_.is_packed
                 ? row(packed_, part)
                 : dense(path + names[i], features_, reads_other ? models::Network::input : tokens,
                         i == 2 && f_.fault == "bias" ? !f_.bias : f_.bias);
      const bool scales_query = i == 0 && (f_.scale == 1 || f_.scale == 2);
      const bool scales_key = i == 1 && f_.scale == 2;
      if (scales_query || scales_key) z[i] = scaled(z[i], f_.scale == 2 ? 0.5 : 1);
      if (i == 2 && f_.fault == "scaled values") z[i] = scaled(z[i], 1);
    }
    if (f_.fault == "same") z[1] = z[0];
    return z;
  }

  models::StepId row(models::StepId packed, std::size_t part) {
    const auto from = static_cast<std::int64_t>(part);
    if (f_.cuts_a_stack) {
      const models::StepId stack =
          map(packed, "reshape", {{"", fmt::format("[3, {}]", features_ * f_.tokens)}},
              Shape{3, features_ * f_.tokens});
      const models::StepId cut =
          map(stack, "slice", {{"from", std::to_string(from)}, {"to", std::to_string(from + 1)}},
              Shape{1, features_ * f_.tokens});
      return map(cut, "reshape", {{"", fmt::format("[{}, {}]", features_, f_.tokens)}},
                 Shape{features_, f_.tokens});
    }
    std::vector<models::Setting> settings;
    if (part != 0) settings.push_back({"from", std::to_string(from * features_)});
    if (part != 2) settings.push_back({"to", std::to_string((from + 1) * features_)});
    return map(packed, "slice", settings, Shape{features_, f_.tokens});
  }

  models::StepId scaled(models::StepId z, double power) {
    const double fault = f_.fault == "scale" ? 1 + 1e-5 : 1;
    const double by = std::pow(static_cast<double>(f_.width), -0.5 * power) * fault;
    // As float32 rounds it.
    return map(z, "scale", {{"", models::yaml_number(static_cast<float>(by))}}, network_.shape(z));
  }

  [[nodiscard]] Shape stack(std::int64_t rows, std::int64_t columns) const {
    return f_.heads == 1 ? Shape{rows, columns} : Shape{f_.heads, rows, columns};
  }

  models::StepId turned(models::StepId z, std::int64_t rows, std::int64_t columns) {
    const char* const order = f_.heads == 1 ? "[length, channels]" : "[channels, width, height]";
    return map(z, "permute", {{"", order}}, stack(rows, columns));
  }

  // [features, tokens] as heads of matrices [width, tokens], or [tokens, width].
  models::StepId factor(models::StepId z, bool by_tokens) {
    if (f_.heads != 1) {
      z = map(z, "reshape", {{"", fmt::format("[{}, {}, {}]", f_.heads, f_.width, f_.tokens)}},
              stack(f_.width, f_.tokens));
    }
    return by_tokens ? turned(z, f_.tokens, f_.width) : z;
  }

  models::StepId product(models::StepId first, models::StepId second, bool turns_first,
                         bool turns_second, std::array<std::int64_t, 2> sizes) {
    models::Step step;
    step.kind = models::Step::Kind::merge;
    step.component = "matmul";
    if (turns_first) step.settings.push_back({"transpose", "first"});
    if (turns_second) step.settings.push_back({"transpose", "second"});
    step.inputs = {first, second};
    step.output = stack(sizes[0], sizes[1]);
    return network_.add(std::move(step));
  }

  models::StepId weighed(models::StepId scores) {
    const Shape shape = network_.shape(scores);
    if (f_.scale == 0) scores = scaled(scores, 1);
    if (f_.causal) {
      std::vector<models::Setting> settings{{"by", f_.fault == "mask" ? "9999" : "10000"}};
      if (f_.keys_are_last) settings.push_back({"keys", "second"});
      scores = map(scores, "mask", std::move(settings), shape);
    }
    if (f_.scale == 3) scores = scaled(scores, 1);
    if (f_.fault == "tanh") scores = map(scores, "tanh", {}, shape);
    // More than the passes that exporters leave.
    for (int i = 0; i < 70 && f_.fault == "long"; ++i) {
      scores = map(scores, "scale", {{"", "1"}}, shape);
    }
    const bool is_last = f_.keys_are_last != (f_.fault == "softmax");
    const char* const last = f_.heads == 1 ? "length" : "width";
    const char* const first = f_.heads == 1 || f_.fault == "heads" ? "channels" : "height";
    return map(scores, "softmax", {{"axis", is_last ? last : first}}, shape);
  }

  // The mixture as [features, tokens].
  models::StepId joined(models::StepId mixture) {
    const Shape all{features_, f_.tokens};
    const auto reshaped = [&](models::StepId z, const Shape& shape) {
      return map(z, "reshape", {{"", fmt::format("[{}, {}]", shape.channels(), shape.spatial(0))}},
                 shape);
    };
    if (f_.fault == "rows" || (!f_.weights_are_first && !f_.goes_by_tokens)) {
      return f_.heads == 1 ? mixture : reshaped(mixture, all);
    }
    if (!f_.goes_by_tokens || f_.heads == 1) {
      if (f_.weights_are_first) mixture = turned(mixture, f_.width, f_.tokens);
      return f_.heads == 1 ? mixture : reshaped(mixture, all);
    }
    const char* const order =
        f_.weights_are_first ? "[height, channels, width]" : "[width, channels, height]";
    mixture = map(mixture, "permute", {{"", order}}, Shape{f_.tokens, f_.heads, f_.width});
    mixture = map(mixture, "flatten", {}, Shape{features_ * f_.tokens});
    mixture = reshaped(mixture, Shape{f_.tokens, features_});
    return map(mixture, "permute", {{"", "[length, channels]"}}, all);
  }

  // Some numbers of the scores as [features, tokens].
  models::StepId shaped(models::StepId scores) {
    const std::int64_t wanted = features_ * f_.tokens;
    scores = map(scores, "flatten", {}, Shape{f_.heads * f_.tokens * f_.tokens});
    scores = map(scores, "slice", {{"to", std::to_string(wanted)}}, Shape{wanted});
    return map(scores, "reshape", {{"", fmt::format("[{}, {}]", features_, f_.tokens)}},
               Shape{features_, f_.tokens});
  }

  AttentionForm f_;
  models::Network network_;
  std::int64_t features_ = 0;
  models::StepId packed_ = 0;
  models::StepId output_ = 0;
};

}  // namespace smoothbound::testing
