#include <fmt/format.h>

#include <algorithm>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

// Depth first, without recursion: a chain of a million nodes may stand in reverse order.
class Sorter {
 public:
  Sorter(const std::vector<Node>& nodes, const std::vector<Value>& values, ValueId first)
      : nodes_(nodes),
        values_(values),
        first_(first),
        makers_(values.size() - first, absent),
        states_(nodes.size()) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const ValueId output : nodes[i].outputs) {
        if (output != absent) makers_[output - first] = static_cast<std::uint32_t>(i);
      }
    }
  }

  [[nodiscard]] bool is_sorted() const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (const ValueId input : nodes_[i].inputs) {
        const std::uint32_t maker = maker_of(input);
        if (maker != absent && maker >= i) return false;
      }
    }
    return true;
  }

  std::vector<std::uint32_t> order() {
    order_.reserve(nodes_.size());
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) visit(i);
    return std::move(order_);
  }

 private:
  enum class State : std::uint8_t { new_one, open, done };
  struct Place {
    std::uint32_t node;
    std::uint32_t next_input;
  };

  [[nodiscard]] std::uint32_t maker_of(ValueId value) const {
    return value == absent || value < first_ ? absent : makers_[value - first_];
  }

  void visit(std::uint32_t root) {
    if (states_[root] == State::done) return;
    open(root);
    while (!path_.empty()) {
      Place& place = path_.back();
      const auto& inputs = nodes_[place.node].inputs;
      if (place.next_input == inputs.size()) {
        states_[place.node] = State::done;
        order_.push_back(place.node);
        path_.pop_back();
        continue;
      }
      const ValueId input = inputs[place.next_input++];
      const std::uint32_t maker = maker_of(input);
      if (maker == absent || states_[maker] == State::done) continue;
      if (states_[maker] == State::open) refuse_cycle(input);
      open(maker);
    }
  }

  void open(std::uint32_t node) {
    states_[node] = State::open;
    path_.push_back({node, 0});
  }

  [[noreturn]] void refuse_cycle(ValueId value) const {
    const Node& node = nodes_[maker_of(value)];
    throw SpecError(whole_file,
                    fmt::format("'{}', made by {}, is made of itself: nodes form a cycle",
                                values_[value].name, node.operation),
                    "export the model again; ONNX's own checker refuses it, too");
  }

  const std::vector<Node>& nodes_;
  const std::vector<Value>& values_;
  ValueId first_;
  std::vector<std::uint32_t> makers_;  // nodes, of each value from the first one on
  std::vector<State> states_;
  std::vector<Place> path_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

void sort_nodes(std::vector<Node>& nodes, const std::vector<Value>& values, ValueId first) {
  Sorter sorter(nodes, values, first);
  if (sorter.is_sorted()) return;
  std::vector<Node> sorted;
  sorted.reserve(nodes.size());
  for (const std::uint32_t node : sorter.order()) sorted.push_back(std::move(nodes[node]));
  nodes = std::move(sorted);
}

}  // namespace smoothbound::models::onnx
