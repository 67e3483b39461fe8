// Blocks of parameters and fixed numbers: what they are called, where they are, and who shares
// them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "smoothbound/text/shape.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

// Whether an array is an initializer as the file has it, but for the order of its axes.
bool is_as_it_is(const Constant& numbers) {
  return numbers.view.find_first_not_of('t') == std::string::npos;
}

}  // namespace

bool Translator::is_trained(const Constant& numbers) const {
  return numbers.may_be_trained && !(numbers.is_scalar() && is_made_up(numbers.name));
}

// A module that is called again may have its weights once more in the file, where the exporter
// computed them and made up names: then it is the same ones that are read.
std::uint32_t Translator::first_equal(std::uint32_t initializer, const Node& reader) {
  if (initializer == Constant::no_origin) return initializer;
  const Tensor& tensor = graph_->initializers[initializer];
  constexpr std::size_t least = 16;  // bytes: what is shorter may be equal by chance
  constexpr std::size_t most = 64;   // arrays that begin alike and are compared
  if (!is_made_up(tensor.name) || tensor.bytes.size() < least) return initializer;
  const auto is_varied = [](std::string_view bytes) {
    return bytes.substr(4) != bytes.substr(0, bytes.size() - 4);
  };
  auto& candidates = made_up_[std::string(tensor.bytes.substr(0, least))];
  for (const auto& [other, first_reader] : candidates) {
    const Tensor& before = graph_->initializers[other];
    if (before.sizes == tensor.sizes && before.type == tensor.type &&
        before.bytes == tensor.bytes && is_varied(tensor.bytes) &&
        are_of_one_module(first_reader, reader.name)) {
      return other;
    }
  }
  if (candidates.size() < most) candidates.emplace_back(initializer, reader.name);
  return initializer;
}

// The array under its own name, or else the usual one, or one that is made of it if that is taken.
// A square matrix whose axes are exchanged has another name: its shape does not tell a file that
// has it in the order of the model.
std::string Translator::add_tensor(const Constant& numbers, const std::string& usual) {
  const bool is_own =
      numbers.origin != Constant::no_origin && is_as_it_is(numbers) && !is_made_up(numbers.name);
  const bool is_turned = numbers.is_reversed() && numbers.sizes.size() == 2 &&
                         numbers.sizes[0] == numbers.sizes[1] && numbers.sizes[0] != 1;
  const std::string name = !is_own     ? usual
                           : is_turned ? numbers.name + "_transposed"
                                       : numbers.name;
  if (is_own && !read_initializers_.insert(numbers.origin).second) {
    note(
        fmt::format("'{}' is read by several layers that do not share all of their parameters: "
                    "it counts as parameters of each of them",
                    name));
  }
  std::string free = name;
  std::size_t& number = last_number_.emplace(name, 1).first->second;
  while (!tensor_names_.insert(free).second) free = fmt::format("{}_{}", name, ++number);
  if (!is_own && numbers.may_be_trained && !numbers.view.empty() && !is_made_up(numbers.name)) {
    note(fmt::format("the parameters '{}' are computed from '{}': the computed numbers count", free,
                     numbers.name));
  }
  auto where = numbers.numbers(path_);
  if (auto* const compute = std::get_if<ComputedNumbers>(&where)) {
    where = [graph = graph_, function = *compute] { return function(); };
  }
  network_->tensors.push_back({free, numbers.sizes, std::move(where)});
  return free;
}

void Translator::bind(Step& step, const Node& node, std::vector<BlockArray> arrays) {
  if (arrays.empty()) return;
  // A block that reads all that another one reads has its parameters.
  std::string key;
  for (const BlockArray& array : arrays) {
    if (array.numbers.origin == Constant::no_origin) key += "?";
    key += fmt::format("{}:{}:{}:{};", array.suffix, first_equal(array.numbers.origin, node),
                       array.numbers.view, fmt::join(array.numbers.sizes, ","));
  }
  if (key.find('?') == std::string::npos && step.kind == Step::Kind::head) {
    const auto [found, is_new] = blocks_.emplace(key, network_->size());
    if (!is_new) {
      step.share = found->second;
      return;
    }
  }
  // What stands before the word for an array in the names that the file has: "features.0.",
  // "attention.in_proj_".
  std::string module;
  std::string stem;
  for (const BlockArray& array : arrays) {
    const std::string& name = array.numbers.name;
    if (!module.empty() || !is_as_it_is(array.numbers)) continue;
    module = module_of_parameter(name);
    if (!module.empty() && name.ends_with(array.suffix)) {
      stem = name.substr(0, name.size() - array.suffix.size());
    }
  }
  if (module.empty()) module = name_of(node);
  if (stem.size() <= module.size()) stem = module + '.';
  std::vector<Setting> names;
  bool is_prefix = true;
  for (const BlockArray& array : arrays) {
    const std::string usual = array.suffix.empty() ? module : stem + std::string(array.suffix);
    names.push_back({std::string(array.suffix), add_tensor(array.numbers, usual)});
    is_prefix = is_prefix && names.back().value == usual;
  }
  if (step.kind == Step::Kind::head && !module.empty()) step.name = module;
  if (arrays.size() == 1 && arrays.front().suffix.empty()) {
    step.weights = names.front().value;
  } else if (is_prefix && stem == module + '.') {
    step.weights = module;
  } else {
    step.tensor_names = std::move(names);
  }
}

View Translator::parameter(const Constant& numbers, const Node& node) {
  const Constant stored = numbers.as_stored();
  Sizes sizes = without_ones(stored.sizes);
  if (sizes.empty()) sizes = {1};
  while (sizes.size() > static_cast<std::size_t>(Shape::largest_rank)) {
    sizes[1] *= sizes[0];
    sizes.erase(sizes.begin());
  }
  Step step;
  step.kind = Step::Kind::head;
  step.component = "parameter";
  step.name = is_made_up(numbers.name) ? name_of(node) + ".parameter" : numbers.name;
  step.settings = {{"", yaml_list(sizes)}};
  step.output = shape_of(sizes);
  bind(step, node, {{"", stored.reshaped(sizes)}});
  if (!is_made_up(numbers.name)) step.name = numbers.name;
  View view = in_order(add(std::move(step)), stored.sizes, View::nowhere);
  if (numbers.is_reversed()) {
    AxisList order(view.rank());
    std::iota(order.rbegin(), order.rend(), 0);
    view = permuted(view, order);
  }
  return reshaped(*network_, view, numbers.sizes, name_of(node));
}

std::string Translator::numbers_text(const Constant& numbers) {
  const double first = numbers.first();
  if (numbers.is_all(first)) return yaml_number(first);
  written_ += numbers.elements();
  if (written_ > most_written) {
    refuse(fmt::format("more than {} fixed numbers would stand in the architecture file",
                       most_written),
           "export them as parameters, or compute them where they are used");
  }
  std::vector<std::string> texts;
  for (const double value : numbers.values()) texts.push_back(yaml_number(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

StepId Translator::fixed(const Constant& numbers, const Node& node) {
  Step step;
  step.kind = Step::Kind::head;
  step.component = "constant";
  step.name = name_of(node) + ".constant";
  step.settings = {{"shape", yaml_list(numbers.sizes)}, {"values", numbers_text(numbers)}};
  step.output = shape_of(numbers.sizes);
  return add(std::move(step));
}

}  // namespace smoothbound::models::onnx
