#include "fuse_attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "index_map.hpp"

namespace smoothbound::models {
namespace {

// Layers between two that count; more are no attention, and would take time.
constexpr std::size_t longest_chain = 64;

// What a pattern expects and does not find.
struct NoFit {};

void require_fit(bool condition) {
  if (!condition) throw NoFit{};
}

// The dense layer that a factor of a product comes from, and which of its numbers the factor has.
struct Source {
  StepId dense = 0;
  IndexMap numbers;
  double scale = 1;
};

// A product of matrices, or of stacks of them.
struct Product {
  StepId first = 0;
  StepId second = 0;
  bool first_is_transposed = false;
  bool second_is_transposed = false;
};

// What the layers in question are, and what they make.
struct Match {
  StepId read = 0;              // the tokens [features, tokens]
  std::vector<StepId> inner;    // one dense layer, or those of queries, keys and values
  StepId output = 0;            // the dense layer behind
  std::vector<StepId> between;  // all others, that nothing else may read
  std::int64_t heads = 1;
  bool causal = false;
  bool bias = true;
};

class AttentionFuser {
 public:
  AttentionFuser(Network& network, StepId output) : network_(network), output_(output) {}

  void fuse() {
    std::vector<StepId> weighings;
    for (StepId id = 1; id < network_.size(); ++id) {
      if (network_.step(id).component == "softmax") weighings.push_back(id);
    }
    if (weighings.empty()) return;
    find_readers();
    std::vector<Match> matches;
    for (const StepId softmax : weighings) {
      if (!is_used_[softmax]) continue;
      try {
        matches.push_back(match(softmax));
      } catch (const NoFit&) {  // it stays as it is
      }
    }
    keep_shared(matches);
    for (const Match& found : matches) replace(found);
  }

 private:
  void find_readers() {
    is_used_.assign(network_.size(), false);
    readers_.resize(network_.size());
    is_used_[output_] = true;
    for (StepId id = output_; id > 0; --id) {
      if (!is_used_[id]) continue;
      for (const StepId input : network_.step(id).inputs) {
        is_used_[input] = true;
        readers_[input].push_back(id);
      }
    }
  }

  [[nodiscard]] StepId only_reader(StepId id) const {
    require_fit(readers_[id].size() == 1);
    return readers_[id].front();
  }

  static double number(std::string_view text) {
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    require_fit(read.ec == std::errc{} && read.ptr == text.data() + text.size());
    return value;
  }

  // Of a map that multiplies everything by one number.
  static double factor_of(const Step& step) {
    require_fit(step.settings.size() == 1 && step.settings.front().key.empty());
    return number(step.settings.front().value);
  }

  [[nodiscard]] Product product_at(StepId id) const {
    const Step& step = network_.step(id);
    require_fit(step.component == "matmul" && step.inputs.size() == 2);
    Product product{step.inputs[0], step.inputs[1]};
    for (const Setting& setting : step.settings) {
      require_fit(setting.key == "transpose");
      product.first_is_transposed = setting.value == "first";
      product.second_is_transposed = setting.value == "second";
    }
    return product;
  }

  // A dense layer for each position of [features, positions].
  [[nodiscard]] bool is_projection(StepId id) const {
    const Step& step = network_.step(id);
    return step.component == "dense" && setting_of(step, "per") == "position" &&
           step.output.rank() == 2 && network_.shape(step.inputs.front()).rank() == 2;
  }

  // Up to the dense layer that the factor is made of, through layouts and scales.
  Source source_of(StepId factor, std::vector<StepId>& between) const {
    std::vector<StepId> chain;
    StepId at = factor;
    while (!is_projection(at)) {
      const Step& step = network_.step(at);
      const bool is_map = at != Network::input && step.kind == Step::Kind::map;
      require_fit(is_map && chain.size() < longest_chain);
      chain.push_back(at);
      at = step.inputs.front();
    }
    Source source{at, IndexMap(network_.shape(at)), 1};
    for (auto id = chain.rbegin(); id != chain.rend(); ++id) {
      const Step& step = network_.step(*id);
      if (step.component == "scale") {
        source.scale *= factor_of(step);
      } else {
        const auto numbers = source.numbers.behind(step, network_.shape(step.inputs.front()));
        require_fit(numbers.has_value());
        source.numbers = *numbers;
      }
    }
    between.insert(between.end(), chain.begin(), chain.end());
    return source;
  }

  // Of a factor [.., tokens, features], or with both in the other order; nothing if its axes are
  // none of the layer's.
  [[nodiscard]] std::optional<IndexMap> by_token(const Source& source, StepId factor,
                                                 bool tokens_are_last) const {
    const Shape& shape = network_.shape(factor);
    std::vector<std::size_t> order{0, 1, 2};
    order.resize(static_cast<std::size_t>(shape.rank()));
    if (tokens_are_last) std::swap(order[order.size() - 2], order[order.size() - 1]);
    return source.numbers.permuted(shape, order);
  }

  // Whether the matrices have this size, and so many are in the stack.
  [[nodiscard]] bool is_stack(StepId id, std::int64_t heads, std::int64_t rows,
                              std::int64_t columns) const {
    const Shape& shape = network_.shape(id);
    return shape == (heads == 1 ? Shape{rows, columns} : Shape{heads, rows, columns});
  }

  // From softmax up to the product of queries and keys; `scale`: of the scores.
  StepId scores_of(StepId softmax, bool keys_are_last, Match& found, double& scale) const {
    StepId at = network_.step(softmax).inputs.front();
    while (network_.step(at).component != "matmul") {
      const Step& step = network_.step(at);
      require_fit(found.between.size() < longest_chain);
      found.between.push_back(at);
      if (step.component == "mask") {
        // As the component masks: by as much, and the scores as they are then.
        require_fit(!found.causal && scale == 1 && setting_of(step, "kind").empty() &&
                    number(setting_of(step, "by")) == 1e4 &&
                    setting_of(step, "keys") == (keys_are_last ? "second" : ""));
        found.causal = true;
      } else {
        require_fit(step.component == "scale");
        scale *= factor_of(step);
      }
      at = step.inputs.front();
    }
    found.between.push_back(at);
    return at;
  }

  // From the mixture down to the dense layer behind, which reads [features, tokens].
  StepId projection_behind(StepId mixture, const IndexMap& heads_first, Match& found) const {
    IndexMap numbers(network_.shape(mixture));
    StepId at = mixture;
    for (std::size_t count = 0;; ++count) {
      const StepId next = only_reader(at);
      if (is_projection(next)) break;
      const Step& step = network_.step(next);
      require_fit(step.kind == Step::Kind::map && count < longest_chain);
      const auto behind = numbers.behind(step, network_.shape(at));
      require_fit(behind.has_value());
      numbers = *behind;
      found.between.push_back(next);
      at = next;
    }
    require_fit(numbers == heads_first);
    return only_reader(at);
  }

  Match match(StepId softmax) const {
    Match found;
    found.between.push_back(softmax);
    const Step& weighing = network_.step(softmax);
    const auto rank = static_cast<std::size_t>(weighing.output.rank());
    const auto axis = axis_called(setting_of(weighing, "axis"), rank);
    require_fit(weighing.settings.size() == 1 && (rank == 2 || rank == 3) && axis &&
                *axis + 2 >= rank);
    const bool keys_are_last = *axis + 1 == rank;
    found.heads = rank == 3 ? weighing.output.channels() : 1;

    double scale = 1;
    const Product scores = product_at(scores_of(softmax, keys_are_last, found, scale));
    const Source left = source_of(scores.first, found.between);
    const Source right = source_of(scores.second, found.between);
    const Source& query = keys_are_last ? left : right;
    const Source& key = keys_are_last ? right : left;
    found.read = network_.step(query.dense).inputs.front();
    const Shape& tokens = network_.shape(found.read);
    const std::int64_t features = tokens.channels();
    const std::int64_t count = tokens.spatial(0);
    require_fit(features % found.heads == 0 && is_stack(softmax, found.heads, count, count));
    const std::int64_t width = features / found.heads;
    const double expected = 1 / std::sqrt(static_cast<double>(width));
    constexpr double rounding = 1e-6;  // of float32, in which models have this number
    require_fit(std::abs(scale * query.scale * key.scale / expected - 1) <= rounding);

    const StepId mixture = only_reader(softmax);
    found.between.push_back(mixture);
    const Product mixing = product_at(mixture);
    const bool weights_are_first = mixing.first == softmax;
    const StepId values = weights_are_first ? mixing.second : mixing.first;
    const bool is_turned =
        weights_are_first ? mixing.first_is_transposed : mixing.second_is_transposed;
    // A query's row of weights meets values of keys.
    require_fit(is_turned == (keys_are_last != weights_are_first));
    const Source value = source_of(values, found.between);
    require_fit(value.scale == 1);

    const bool has_tokens_behind =
        weights_are_first ? mixing.second_is_transposed : !mixing.first_is_transposed;
    const std::array<std::optional<IndexMap>, 3> read{
        by_token(query, keys_are_last ? scores.first : scores.second,
                 keys_are_last ? scores.first_is_transposed : !scores.second_is_transposed),
        by_token(key, keys_are_last ? scores.second : scores.first,
                 keys_are_last ? !scores.second_is_transposed : scores.first_is_transposed),
        by_token(value, values, has_tokens_behind)};
    const bool is_one = query.dense == key.dense && key.dense == value.dense;
    require_fit(is_one || (query.dense != key.dense && query.dense != value.dense &&
                           key.dense != value.dense));
    const std::array<StepId, 3> dense{query.dense, key.dense, value.dense};
    for (std::size_t i = 0; i < dense.size(); ++i) {
      const std::int64_t first = is_one ? static_cast<std::int64_t>(i) * features * count : 0;
      require_fit(network_.step(dense[i]).inputs.front() == found.read &&
                  network_.shape(dense[i]).channels() == (is_one ? 3 : 1) * features);
      require_fit(read[i] ==
                  IndexMap(first, {{found.heads, width * count}, {count, 1}, {width, count}}));
      if (i == 0 || !is_one) found.inner.push_back(dense[i]);
    }
    // [heads, queries, features], or the other way round, as [features of all heads, queries]
    const IndexMap heads_first =
        weights_are_first ? IndexMap(0, {{found.heads, width * count}, {width, 1}, {count, width}})
                          : IndexMap(network_.shape(mixture));
    found.output = projection_behind(mixture, heads_first, found);
    require_fit(network_.shape(found.output) == tokens);
    found.bias = network_.step(found.output).bias;
    for (const StepId id : found.inner) require_fit(network_.step(id).bias == found.bias);
    require_closed(found);
    return found;
  }

  // Nothing else may read what is inside.
  void require_closed(const Match& found) const {
    std::unordered_set<StepId> all(found.between.begin(), found.between.end());
    all.insert(found.inner.begin(), found.inner.end());
    const std::unordered_set<StepId> inside = all;
    all.insert(found.output);
    for (const StepId id : inside) {
      require_fit(id != output_);
      for (const StepId reader : readers_[id]) require_fit(all.contains(reader));
    }
  }

  [[nodiscard]] StepId owner_of(StepId dense) const {
    return network_.step(dense).share.value_or(dense);
  }

  [[nodiscard]] std::vector<StepId> owners_of(const Match& found) const {
    std::vector<StepId> owners;
    for (const StepId id : found.inner) owners.push_back(owner_of(id));
    owners.push_back(owner_of(found.output));
    return owners;
  }

  // Parameters that several layers read: all of these have to be in such places.
  void keep_shared(std::vector<Match>& matches) const {
    std::vector<std::size_t> users(network_.size(), 0);
    for (StepId id = 1; id < network_.size(); ++id) {
      if (is_used_[id] && network_.step(id).component == "dense") ++users[owner_of(id)];
    }
    std::map<std::vector<StepId>, std::size_t> places;
    for (const Match& found : matches) ++places[owners_of(found)];
    std::erase_if(matches, [&](const Match& found) {
      const std::vector<StepId> owners = owners_of(found);
      return std::ranges::any_of(owners,
                                 [&](StepId owner) { return users[owner] != places[owners]; });
    });
  }

  // What stands before the word of each array of a block: "encoder.attention.query."; empty if that
  // is not the same for all.
  static std::string stem_of(const Step& step) {
    if (step.tensor_names.empty()) return step.weights + '.';
    std::string stem;
    for (const Setting& tensor : step.tensor_names) {
      if (!tensor.value.ends_with(tensor.key)) return {};
      const std::string own = tensor.value.substr(0, tensor.value.size() - tensor.key.size());
      if (!stem.empty() && own != stem) return {};
      stem = own;
    }
    return stem;
  }

  // An array under another name.
  void rename(const std::string& from, const std::string& to) {
    const auto found = tensors_.find(from);
    if (found == tensors_.end()) return;
    network_.tensors[found->second].name = to;
    tensors_.emplace(to, found->second);
  }

  void find_tensors() {
    if (!tensors_.empty()) return;
    for (std::size_t i = 0; i < network_.tensors.size(); ++i) {
      tensors_.emplace(network_.tensors[i].name, i);
    }
  }

  // The arrays of a block under names that begin alike; returns their prefix.
  std::string with_prefix(const Step& step, const std::string& wanted) {
    find_tensors();
    std::string prefix = wanted;
    const auto is_taken = [&](const Setting& tensor) {
      return tensors_.contains(fmt::format("{}.{}", prefix, tensor.key));
    };
    std::size_t& number = last_number_[wanted];
    while (std::ranges::any_of(step.tensor_names, is_taken)) {
      prefix = fmt::format("{}_{}", wanted, ++number + 1);
    }
    for (const Setting& tensor : step.tensor_names) {
      const std::string name = fmt::format("{}.{}", prefix, tensor.key);
      rename(tensor.value, name);
      network_.notes.push_back(
          fmt::format("the parameters '{}' are called '{}' here", tensor.value, name));
    }
    return prefix;
  }

  // The weights of PyTorch's MultiheadAttention as it calls them. Where they have no bias beside
  // them, which tells their names, the exporter has lost these: two weights of one module are left.
  void restore_names(const std::vector<StepId>& blocks, std::vector<std::string>& stems) {
    const Step& inner = network_.step(blocks.front());
    const Step& output = network_.step(blocks.back());
    if (blocks.size() != 2 || inner.bias || !inner.tensor_names.empty()) return;
    const std::string first = stems[0] + "in_proj_";
    const std::string last = stems[0] + "out_proj.";
    const std::string second = stems[0] + "weight_2";
    const bool is_second =
        output.tensor_names.size() == 1 && output.tensor_names.front().value == second;
    find_tensors();
    const bool is_free = !tensors_.contains(first + "weight") &&
                         (stems[1] == last || !tensors_.contains(last + "weight"));
    if (!is_free || (stems[1] != last && !is_second)) return;
    rename(stems[0] + "weight", first + "weight");
    if (is_second) rename(second, last + "weight");
    stems = {first, last};
  }

  // The path that all have in common: of "a.b.query." and "a.b.out." it is "a.b".
  static std::string module_of(const std::vector<std::string>& stems) {
    std::string common = stems.front();
    for (const std::string& stem : stems) {
      const auto end = std::ranges::mismatch(common, stem).in1;
      common.erase(end, common.end());
    }
    const std::size_t dot = common.rfind('.');
    return dot == std::string::npos ? std::string() : common.substr(0, dot);
  }

  void name_weights(const Match& found, Step& step) {
    constexpr std::array<const char*, 3> words{"query", "key", "value"};
    const bool is_one = found.inner.size() == 1;
    std::vector<StepId> blocks = found.inner;
    blocks.push_back(found.output);
    std::vector<std::string> stems(blocks.size());
    std::ranges::transform(blocks, stems.begin(),
                           [&](StepId id) { return stem_of(network_.step(id)); });
    restore_names(blocks, stems);
    const std::string module = module_of(stems);
    if (!module.empty()) step.name = module;
    step.weights.clear();
    step.tensor_names.clear();
    // As PyTorch calls them.
    const std::vector<std::string> usual =
        is_one ? std::vector<std::string>{module + ".in_proj_", module + ".out_proj."}
               : std::vector<std::string>{module + ".query.", module + ".key.", module + ".value.",
                                          module + ".out_proj."};
    if (stems == usual) {
      step.weights = module;
      return;
    }
    for (std::size_t i = 0; i < stems.size(); ++i) {
      const std::string word = i + 1 == stems.size() ? "output" : is_one ? "qkv" : words.at(i);
      const bool has_prefix = stems[i].ends_with('.');
      if (has_prefix) stems[i].pop_back();
      step.tensor_names.push_back({word, has_prefix
                                             ? stems[i]
                                             : with_prefix(network_.step(blocks[i]),
                                                           fmt::format("{}.{}", step.name, word))});
    }
  }

  void replace(const Match& found) {
    Step step = network_.step(found.output);
    if (!step.share) name_weights(found, step);
    step.component = "attention";
    step.settings.clear();
    step.settings.push_back({found.causal ? "heads" : "", std::to_string(found.heads)});
    if (found.causal) step.settings.push_back({"causal", "true"});
    step.inputs = {found.read};
    network_.step(found.output) = std::move(step);
  }

  Network& network_;
  StepId output_;
  std::vector<bool> is_used_;
  std::vector<std::vector<StepId>> readers_;
  std::map<std::string, std::size_t> tensors_;      // by name
  std::map<std::string, std::size_t> last_number_;  // behind a prefix that is taken
};

}  // namespace

void fuse_attention(Network& network, StepId output) {
  AttentionFuser fuser(network, output);
  fuser.fuse();
}

}  // namespace smoothbound::models
