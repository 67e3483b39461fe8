// From the nodes of a graph to the steps of a network: what all operators need.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "constant.hpp"
#include "graph.hpp"
#include "smoothbound/models/model.hpp"
#include "smoothbound/models/network.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "view.hpp"

namespace smoothbound::models::onnx {

/// "features.0.conv" of "/features/features.0/conv/Conv" and of "features.0.conv.weight": the path
/// of the module that a node or a parameter belongs to; empty if the name does not tell.
std::string module_of_node(std::string_view name);
std::string module_of_parameter(std::string_view name);
/// Whether a name is one that exporters make up: "onnx::Conv_193", "/Constant_output_0", "1234".
bool is_made_up(std::string_view name);
/// Whether two nodes lie in one module, as far as their names tell: "/a/MatMul" and, where it is
/// called again, "/a_1/MatMul". So do nodes without paths.
bool are_of_one_module(std::string_view first, std::string_view second);

/// An array of a block: as the file has it, arranged as the block wants it.
struct BlockArray {
  std::string_view suffix;  // "weight"
  Constant numbers;
};

class Translator {
 public:
  Translator(std::shared_ptr<Graph> graph, std::string_view path, ImportOptions options);

  /// Everything; throws SpecErrors.
  ImportedModel translate();

  // For operators. `node`: the one that is being translated.

  [[nodiscard]] const Graph& graph() const { return *graph_; }
  [[nodiscard]] Network& network() { return *network_; }
  [[nodiscard]] const ImportOptions& options() const { return options_; }
  /// What layers of this node are called.
  [[nodiscard]] std::string name_of(const Node& node) const;

  /// Null unless the input is known.
  [[nodiscard]] const Constant* constant(ValueId value) const;
  [[nodiscard]] const Constant* constant(const Node& node, std::size_t input) const {
    return constant(node.input(input));
  }
  /// Null unless it depends on the network's input.
  [[nodiscard]] const View* view(ValueId value) const;
  /// Of an input that has to be one; throws SpecError.
  [[nodiscard]] const View& require_view(const Node& node, std::size_t input) const;
  [[nodiscard]] const Constant& require_constant(const Node& node, std::size_t input,
                                                 std::string_view what) const;
  /// Null if the input is left out; throws SpecError if it is not known.
  [[nodiscard]] const Constant* optional_constant(const Node& node, std::size_t input,
                                                  std::string_view what) const {
    return node.input(input) == absent ? nullptr : &require_constant(node, input, what);
  }
  /// Of numbers that differ between the samples of a fixed batch, those of the first one, if they
  /// do not; `like`: a view with the same axes.
  [[nodiscard]] Constant for_sample(const Constant& numbers, const View& like) const;
  void set(const Node& node, std::size_t output, View result);
  void set(const Node& node, std::size_t output, Constant result);
  /// Known numbers as settings have them: one for all if they are equal, else a list. Throws
  /// SpecError for more than a text should have.
  std::string numbers_text(const Constant& numbers);
  /// Counts known numbers that are to be computed; throws SpecError for too many.
  void require_room(const Sizes& sizes) { folder_.require_room(sizes); }

  /// Appends a step.
  StepId add(Step step) { return network_->add(std::move(step)); }
  StepId arranged(const View& from, const AxisList& order, const Shape& shape, const Node& node) {
    return onnx::arranged(*network_, from, order, shape, name_of(node));
  }
  StepId map(StepId input, std::string component, std::vector<Setting> settings,
             const Shape& output, const Node& node) {
    return add_map(*network_, input, std::move(component), std::move(settings), output,
                   name_of(node));
  }
  /// The arrays of a step's block: their names, and where the numbers are. A block that reads what
  /// another one reads shares its parameters.
  void bind(Step& step, const Node& node, std::vector<BlockArray> arrays);
  /// Something that a user should know; the same once.
  void note(const std::string& text);
  /// Counts a convolution that had a batch norm.
  void count_folded_norm() { ++folded_norms_; }
  /// Of a batch that the file fixes.
  [[nodiscard]] std::int64_t batch() const { return batch_; }

  /// Numbers for each sample that are trained: a step without inputs that has the axes of the file
  /// without those of size 1, seen as `numbers` are.
  View parameter(const Constant& numbers, const Node& node);
  /// Those that are not: a step whose output has the shape of `numbers`.
  StepId fixed(const Constant& numbers, const Node& node);
  /// Whether the numbers are trained parameters, as far as it can be told.
  [[nodiscard]] bool is_trained(const Constant& numbers) const;

  void run(const Node& node);
  /// All that this value depends on, if that has not been done.
  void run_needed(ValueId value);

 private:
  struct Slot {
    std::unique_ptr<View> view;
    std::unique_ptr<Constant> constant;
    bool has_failed = false;
  };

  void read_input(const GraphInput& input);
  [[nodiscard]] ValueId choose_output();
  [[nodiscard]] std::vector<std::uint32_t> needed_nodes(ValueId output, bool for_branches = false);
  [[nodiscard]] std::vector<const GraphInput*> read_inputs(ValueId output, bool in_branches);
  [[nodiscard]] bool knows(const Node& node) const;
  void require_real_inputs(const Node& node) const;
  [[nodiscard]] bool has_failed_input(const Node& node) const;
  void fail(const Node& node);
  bool fold(const Node& node);
  void inline_branch(const Node& node);
  std::string add_tensor(const Constant& numbers, const std::string& usual);
  std::uint32_t first_equal(std::uint32_t initializer, const Node& reader);
  void read_constants();
  void note_folded_norms();
  ImportedModel finish(const View& result);
  Slot& slot(ValueId value);

  static constexpr int deepest = 20;                                    // branches within branches
  static constexpr std::int64_t most_written = std::int64_t{1} << 22U;  // numbers in the text

  std::shared_ptr<Graph> graph_;
  std::string path_;
  ImportOptions options_;
  std::unique_ptr<Network> network_;
  Folder folder_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> producer_;   // node of each value
  std::vector<bool> is_done_;             // of each node
  std::vector<bool> is_listed_;           // of each node, in needed_nodes
  std::map<std::string, StepId> blocks_;  // by what they read
  /// Initializers with the name of the node that reads each, by how they begin.
  std::map<std::string, std::vector<std::pair<std::uint32_t, std::string_view>>> made_up_;
  std::unordered_set<std::string> tensor_names_;
  std::unordered_set<std::uint32_t> read_initializers_;
  std::map<std::string, std::size_t> last_number_;  // behind a name that is taken
  std::set<std::string> noted_;
  MistakeList mistakes_;
  std::vector<std::string> comments_;
  ValueId first_unread_ = 0;
  int depth_ = 0;
  std::size_t folded_norms_ = 0;
  std::int64_t batch_ = 1;
  std::int64_t written_ = 0;  // numbers
};

/// Operators: one table, whose rows stand where the functions are.
struct Operator {
  std::string_view name;
  std::string_view becomes;  // in the words of the catalogue, for people
  void (*translate)(Translator& translator, const Node& node);
  bool takes_integers = false;  // as it only moves them
};
const Operator* find_operator(std::string_view name);
/// All, by name.
std::vector<const Operator*> all_operators();
/// Why an operator is not understood and what can be done: "" for what nobody has heard of.
std::string_view remedy_for(std::string_view operation);

std::vector<Operator> linear_operators();
std::vector<Operator> elementwise_operators();
std::vector<Operator> arithmetic_operators();
std::vector<Operator> normalization_operators();
std::vector<Operator> window_operators();
std::vector<Operator> layout_operators();
std::vector<Operator> pad_operators();
std::vector<Operator> attention_operators();

/// "3" for [3, 3], else "[3, 5]".
std::string extent_text(const Sizes& sizes);

}  // namespace smoothbound::models::onnx
