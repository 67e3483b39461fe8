#include "translator.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>

#include "fuse_attention.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::models::onnx {
namespace {

// Operators that say which class it is, behind the scores that bounds are about.
constexpr std::array<std::string_view, 4> decisions{"ArgMax", "ZipMap", "TopK", "ArgMin"};

// A batch that a file fixes is smaller.
constexpr std::int64_t most_samples = std::int64_t{1} << 20U;

bool decides(const Node& node) {
  return std::ranges::find(decisions, node.operation) != decisions.end();
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

std::string described(const Node& node) {
  return node.name.empty() ? fmt::format("a node {}", node.operation)
                           : fmt::format("node '{}' ({})", node.name, node.operation);
}

}  // namespace

Translator::Translator(std::shared_ptr<Graph> graph, std::string_view path, ImportOptions options)
    : graph_(std::move(graph)), path_(path), options_(std::move(options)), folder_([&] {
        // As much as the file itself holds, or what no file needs to hold.
        std::int64_t most = std::int64_t{1} << 20U;
        for (const Tensor& tensor : graph_->initializers) most = std::max(most, tensor.elements());
        return most;
      }()) {
  // Twice what the file holds, or 256 MiB.
  std::size_t held = std::size_t{1} << 24U;
  std::unordered_set<const char*> seen;
  for (const Tensor& tensor : graph_->initializers) {
    const bool is_counted = seen.insert(tensor.bytes.data()).second || tensor.bytes.empty();
    if (is_counted) held += static_cast<std::size_t>(tensor.elements());
  }
  graph_->room = std::make_shared<Room>(2 * held);
}

Translator::Slot& Translator::slot(ValueId value) {
  if (value >= slots_.size())
    slots_.resize(std::max<std::size_t>(graph_->values.size(), value + 1));
  return slots_[value];
}

std::string Translator::name_of(const Node& node) const {
  std::string name = module_of_node(node.name);
  if (!name.empty()) return name;
  const bool has_own = !node.name.empty() && node.name.find('/') == std::string_view::npos;
  return has_own ? std::string(node.name) : lower_case(node.operation);
}

const Constant* Translator::constant(ValueId value) const {
  return value < slots_.size() ? slots_[value].constant.get() : nullptr;
}

const View* Translator::view(ValueId value) const {
  return value < slots_.size() ? slots_[value].view.get() : nullptr;
}

const View& Translator::require_view(const Node& node, std::size_t input) const {
  if (const View* const found = view(node.input(input))) return *found;
  refuse(fmt::format("its input {} does not depend on the network's input", input + 1),
         "export it with constants folded");
}

const Constant& Translator::require_constant(const Node& node, std::size_t input,
                                             std::string_view what) const {
  if (const Constant* const found = constant(node, input)) return *found;
  refuse(node.input(input) == absent ? fmt::format("there is nothing for {}", what)
                                     : fmt::format("the network's input decides about {}", what),
         "they have to be known when the model is read");
}

void Translator::set(const Node& node, std::size_t output, View result) {
  if (output >= node.outputs.size() || node.outputs[output] == absent) return;
  require_rank(result.rank());
  slot(node.outputs[output]).view = std::make_unique<View>(std::move(result));
}

void Translator::set(const Node& node, std::size_t output, Constant result) {
  if (output >= node.outputs.size() || node.outputs[output] == absent) return;
  // What is made of no initializer, or of many, is told from others by its value.
  constexpr std::size_t longest = 200;
  if (result.view.size() > longest ||
      (result.origin == Constant::no_origin && result.view.empty())) {
    result.view = fmt::format("#{}", node.outputs[output]);
  }
  slot(node.outputs[output]).constant = std::make_unique<Constant>(std::move(result));
}

void Translator::note(const std::string& text) {
  if (noted_.insert(text).second) network_->notes.push_back(text);
}

void Translator::read_input(const GraphInput& input) {
  const std::string name(graph_->values[input.value].name);
  if (!input.is_tensor)
    refuse(fmt::format("input '{}' is no array", name), "networks read one array");
  if (!input.has_shape) {
    refuse(fmt::format("input '{}' has no shape", name),
           "export the model with the shape of its input");
  }
  const bool is_ids = input.type != DataType::float32 && input.type != DataType::float64 &&
                      input.type != DataType::float16 && input.type != DataType::bfloat16;
  require_rank(input.sizes.size());
  Sizes sizes;
  std::vector<std::string> open;
  for (std::size_t axis = 0; axis < input.sizes.size(); ++axis) {
    const bool is_batch = axis == 0 && input.sizes.size() > 1 && options_.first_axis_is_batch;
    const std::int64_t size = input.sizes[axis].value_or(is_batch ? 1 : 0);
    if (size <= 0) {
      const bool has_name = axis < input.symbols.size() && !input.symbols[axis].empty();
      open.push_back(has_name ? fmt::format("'{}'", input.symbols[axis]) : fmt::format("{}", axis));
    }
    if (is_batch) batch_ = std::max<std::int64_t>(size, 1);
    if (batch_ > most_samples) {
      refuse(fmt::format("input '{}' has a batch of {}", name, batch_),
             "export it with a batch of one");
    }
    sizes.push_back(is_batch ? 1 : size);
  }
  if (!open.empty()) {
    refuse(
        fmt::format("input '{}' has axes without a size: {}", name, fmt::join(open, ", ")),
        "only the batch, the first axis, may be open: export the model with the size of its input");
  }
  const bool has_batch = sizes.size() > 1 && options_.first_axis_is_batch;
  Sizes own(sizes.begin() + (has_batch ? 1 : 0), sizes.end());
  if (own.empty()) own = {1};
  if (is_ids) own = {product(own)};  // one behind the other, as an embedding reads them
  const std::string stem =
      path_.empty() ? std::string(graph_->name) : std::filesystem::path(path_).stem().string();
  network_ = std::make_unique<Network>(stem, shape_of(own));
  if (sizes.empty()) sizes = {1};
  View all = in_order(Network::input, sizes, has_batch ? 0 : View::nowhere);
  all.is_ids = is_ids;
  slot(input.value).view = std::make_unique<View>(std::move(all));
}

// Of several outputs the first one with numbers; of a decision, what it decides by.
ValueId Translator::choose_output() {
  std::vector<std::string> others;
  std::optional<ValueId> chosen;
  std::string chosen_name;
  std::unordered_map<ValueId, ValueId> ends;  // of chains of casts and decisions
  for (const GraphInput& output : graph_->outputs) {
    ValueId value = output.value;
    bool is_decision = false;
    std::vector<ValueId> chain;
    for (;;) {
      if (const auto known = ends.find(value); known != ends.end()) {
        value = known->second;
        break;
      }
      const std::uint32_t maker = producer_[value];
      if (maker == absent) break;
      const Node& node = graph_->nodes[maker];
      const bool is_cast = node.operation == "Cast" || node.operation == "Identity";
      if (!decides(node) && !is_cast) break;
      is_decision = is_decision || decides(node);
      if (node.input(0) == absent) break;
      chain.push_back(value);
      value = node.inputs[0];
    }
    for (const ValueId passed : chain) ends.emplace(passed, value);
    const std::string name(graph_->values[output.value].name);
    if (chosen) {
      if (*chosen != value) others.push_back(fmt::format("'{}'", name));
      continue;
    }
    chosen = is_decision ? value : output.value;
    chosen_name = name;
  }
  if (!others.empty()) {
    comments_.push_back(
        fmt::format("the output is '{}'; left out: {}", chosen_name, fmt::join(others, ", ")));
  }
  return chosen.value();
}

// Nodes that have not been done, in the order of the graph; `for_branches`: those, too, that only
// bodies of nodes read.
std::vector<std::uint32_t> Translator::needed_nodes(ValueId output, bool for_branches) {
  std::vector<std::uint32_t> needed;
  std::vector<ValueId> open{output};
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    const std::uint32_t maker = value < producer_.size() ? producer_[value] : absent;
    if (maker == absent || is_done_[maker] || is_listed_[maker]) continue;
    is_listed_[maker] = true;
    needed.push_back(maker);
    const Node& node = graph_->nodes[maker];
    for (const ValueId input : node.inputs) {
      if (input != absent) open.push_back(input);
    }
    if (!for_branches) continue;
    const std::vector<ValueId> in_branches = values_read_in_bodies(*graph_, {&node, 1});
    open.insert(open.end(), in_branches.begin(), in_branches.end());
  }
  for (const std::uint32_t node : needed) is_listed_[node] = false;
  std::ranges::sort(needed);
  return needed;
}

// Inputs that `output` depends on.
std::vector<const GraphInput*> Translator::read_inputs(ValueId output, bool in_branches) {
  std::vector<bool> is_read(graph_->values.size(), false);
  is_read[output] = true;
  for (const std::uint32_t id : needed_nodes(output, in_branches)) {
    const Node& node = graph_->nodes[id];
    for (const ValueId input : node.inputs) {
      if (input != absent) is_read[input] = true;
    }
    if (!in_branches) continue;
    for (const ValueId value : values_read_in_bodies(*graph_, {&node, 1})) is_read[value] = true;
  }
  std::vector<const GraphInput*> inputs;
  for (const GraphInput& input : graph_->inputs) {
    if (is_read[input.value]) inputs.push_back(&input);
  }
  return inputs;
}

void Translator::run_needed(ValueId value) {
  const std::uint32_t maker = producer_[value];
  if (maker == absent || is_done_[maker]) return;
  for (const std::uint32_t i : needed_nodes(value)) {
    if (is_done_[i]) continue;
    is_done_[i] = true;
    run(graph_->nodes[i]);
  }
}

bool Translator::has_failed_input(const Node& node) const {
  return std::ranges::any_of(node.inputs, [&](ValueId input) {
    return input < slots_.size() && slots_[input].has_failed;
  });
}

void Translator::fail(const Node& node) {
  for (const ValueId output : node.outputs) {
    if (output != absent) slot(output).has_failed = true;
  }
}

bool Translator::fold(const Node& node) {
  if (!folder_.knows(node.operation)) return false;
  std::vector<const Constant*> inputs;
  for (const ValueId input : node.inputs) {
    if (input != absent && constant(input) == nullptr) return false;
    inputs.push_back(input == absent ? nullptr : constant(input));
  }
  std::vector<Constant> results = folder_.fold(*graph_, node, inputs);
  for (std::size_t i = 0; i < results.size(); ++i) set(node, i, std::move(results[i]));
  return true;
}

void Translator::inline_branch(const Node& node) {
  const Constant* const condition = constant(node, 0);
  if (condition == nullptr) {
    refuse("its condition depends on the network's input", "export the branch that is taken");
  }
  const Attribute* const branch =
      node.find(condition->first() != 0 ? "then_branch" : "else_branch");
  if (branch == nullptr) refuse("the branch is missing", "is the file complete?");
  if (depth_ == deepest) refuse("branches within branches", "simplify the model before");
  std::vector<ValueId> outputs;
  const std::vector<Node> nodes = read_body(*graph_, branch->graph, outputs);
  read_constants();
  ++depth_;
  for (const Node& inner : nodes) {
    for (const ValueId input : inner.inputs) {  // what only the branch reads
      if (input != absent && input < producer_.size()) run_needed(input);
    }
    run(inner);
  }
  --depth_;
  for (std::size_t i = 0; i < std::min(outputs.size(), node.outputs.size()); ++i) {
    Slot& from = slot(outputs[i]);
    Slot copy;
    if (from.view) copy.view = std::make_unique<View>(*from.view);
    if (from.constant) copy.constant = std::make_unique<Constant>(*from.constant);
    copy.has_failed = from.has_failed;
    slot(node.outputs[i]) = std::move(copy);
  }
}

void Translator::require_real_inputs(const Node& node) const {
  for (const ValueId input : node.inputs) {
    const View* const x = input == absent ? nullptr : view(input);
    if (x == nullptr || !x->is_ids) continue;
    refuse("arithmetic of the network's input, which are whole numbers",
           "cast them to float32 before: whole numbers may be ids of an embedding");
  }
}

Constant Translator::for_sample(const Constant& numbers, const View& like) const {
  const auto axis = static_cast<std::size_t>(like.batch);
  const bool holds = like.batch >= 0 && axis < numbers.sizes.size() && batch_ > 1;
  if (!holds || numbers.sizes[axis] != batch_ * like.sizes[axis]) return numbers;
  Sizes sizes = numbers.sizes;
  sizes[axis] = like.sizes[axis];
  if (numbers.repeated != nullptr) {
    Sizes before = numbers.repeated->sizes;
    before.insert(before.begin(), sizes.size() - before.size(), 1);
    if (before == sizes) return numbers.repeated->reshaped(sizes);
  }
  std::int64_t inner = like.sizes[axis] / like.outer;
  for (std::size_t i = axis + 1; i < sizes.size(); ++i) inner *= sizes[i];
  const std::vector<double>& values = numbers.values();
  std::vector<double> first;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t same = at / (inner * batch_) * inner * batch_ + at % inner;
    if (values[i] != values[static_cast<std::size_t>(same)]) {
      refuse("its numbers differ between the samples of the batch",
             "export it with a batch of one");
    }
    if (at == same) first.push_back(values[i]);
  }
  return {sizes, numbers, [first] { return first; }};
}

bool Translator::knows(const Node& node) const {
  return node.domain.empty() && (find_operator(node.operation) != nullptr ||
                                 folder_.knows(node.operation) || node.operation == "If");
}

void Translator::run(const Node& node) {
  // What stands behind a mistake is not translated, but said if it is one by itself.
  if (has_failed_input(node) && knows(node)) return fail(node);
  const bool is_fine = mistakes_.attempt([&] {
    try {
      if (knows(node) && fold(node)) return;
      if (node.domain.empty() && node.operation == "If") return inline_branch(node);
      const Operator* const found = node.domain.empty() ? find_operator(node.operation) : nullptr;
      if (found != nullptr) {
        if (!found->takes_integers) require_real_inputs(node);
        return found->translate(*this, node);
      }
      const std::string_view remedy = node.domain.empty() ? remedy_for(node.operation) : "";
      refuse(node.domain.empty() ? std::string("the operator is not understood")
                                 : fmt::format("an operator of the domain '{}'", node.domain),
             !remedy.empty() ? std::string(remedy)
                             : "'smoothbound import --list' names the operators that are; "
                               "export the model without it, or write an architecture file with "
                               "'opaque' in its place");
    } catch (const ShapeError& error) {
      throw SpecError(
          whole_file, fmt::format("{}: {}", described(node), error.what()),
          error.hint.empty() ? "is the size of the input that of the network?" : error.hint);
    } catch (const SpecError& error) {
      throw SpecError(whole_file, fmt::format("{}: {}", described(node), error.what()), error.hint);
    }
  });
  if (!is_fine) fail(node);
}

void Translator::read_constants() {
  for (ValueId value = first_unread_; value < graph_->values.size(); ++value) {
    const std::uint32_t number = graph_->values[value].initializer;
    if (number == absent) continue;
    slot(value).constant =
        std::make_unique<Constant>(*graph_, number, graph_->values[value].is_literal);
  }
  first_unread_ = static_cast<ValueId>(graph_->values.size());
}

// Convolutions with a bias whose weights have lost their names: batch norms were put into them.
void Translator::note_folded_norms() {
  if (folded_norms_ == 0) return;
  note(fmt::format(
      "the exporter folded {} into the convolution{} before; to keep {}, export with "
      "training=torch.onnx.TrainingMode.PRESERVE and do_constant_folding=False",
      folded_norms_ == 1 ? "a batch norm" : fmt::format("{} batch norms", folded_norms_),
      folded_norms_ == 1 ? "" : "s", folded_norms_ == 1 ? "it" : "them"));
}

ImportedModel Translator::translate() {
  producer_.assign(graph_->values.size(), absent);
  is_done_.assign(graph_->nodes.size(), false);
  is_listed_ = is_done_;
  for (std::uint32_t i = 0; i < graph_->nodes.size(); ++i) {
    for (const ValueId output : graph_->nodes[i].outputs) {
      if (output != absent) producer_[output] = i;
    }
  }
  const ValueId output = choose_output();
  std::vector<const GraphInput*> inputs = read_inputs(output, false);
  if (inputs.empty()) inputs = read_inputs(output, true);
  if (inputs.size() != 1) {
    std::vector<std::string> names;
    names.reserve(inputs.size());
    for (const GraphInput* const input : inputs)
      names.push_back(fmt::format("'{}'", graph_->values[input->value].name));
    refuse(inputs.empty()
               ? std::string("the output does not depend on an input")
               : fmt::format("the model has {} inputs: {}", names.size(), fmt::join(names, ", ")),
           inputs.empty() ? "is the file complete?"
                          : "a network has one: export it with the others as constants");
  }
  read_constants();
  read_input(*inputs.front());
  run_needed(output);
  mistakes_.throw_any();
  const View* const result = view(output);
  if (result == nullptr) {
    refuse("the output does not depend on the input", "a network has at least one layer");
  }
  note_folded_norms();
  return finish(*result);
}

// The output as it is, but for the batch.
ImportedModel Translator::finish(const View& result) {
  AxisList order;
  Sizes sizes;
  // Where the batch cannot be told from other axes any more, it is the first one.
  const int batch =
      result.batch >= 0 || result.rank() < 2 || result.sizes[0] != 1 ? result.batch : 0;
  for (std::size_t axis = 0; axis < result.rank(); ++axis) {
    order.push_back(axis);
    const bool is_batch = batch == static_cast<int>(axis) && result.sizes[axis] == 1;
    if (!is_batch) sizes.push_back(result.sizes[axis]);
  }
  if (sizes.empty()) sizes = {1};
  while (sizes.size() > static_cast<std::size_t>(Shape::largest_rank) && sizes.front() == 1)
    sizes.erase(sizes.begin());
  const bool fits = sizes.size() <= static_cast<std::size_t>(Shape::largest_rank);
  StepId step = onnx::arranged(*network_, result, order,
                               fits ? shape_of(sizes) : shape_of({result.elements()}), "output");
  if (step == Network::input) {  // an architecture has a layer
    step = add_map(*network_, step, "identity", {}, network_->shape(step), "output");
  }
  fuse_attention(*network_, step);
  std::vector<std::string> lines{fmt::format(
      "Made of {} (ONNX, opset {}{}).",
      path_.empty() ? "a model" : std::filesystem::path(path_).filename().string(), graph_->opset,
      graph_->producer.empty() ? "" : fmt::format(", of {}", graph_->producer))};
  network_->notes.insert(network_->notes.begin(), comments_.begin(), comments_.end());
  lines.insert(lines.end(), network_->notes.begin(), network_->notes.end());
  ImportedModel model;
  model.text = network_->text(step, lines);
  graph_->room->lift();  // for the weights, which somebody asked for
  model.tensors = std::move(network_->tensors);
  model.notes = std::move(network_->notes);
  return model;
}

}  // namespace smoothbound::models::onnx
