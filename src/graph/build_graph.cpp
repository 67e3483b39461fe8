#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "expand.hpp"
#include "parameter_roots.hpp"
#include "smoothbound/graph/graph.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

class Builder {
 public:
  Builder(Spec&& spec, std::int64_t batch, MistakeList mistakes)
      : spec_(std::move(spec)), batch_(batch), mistakes_(std::move(mistakes)) {}

  Graph build() {
    graph_.name = std::move(spec_.name);
    graph_.input = spec_.input;
    expand_composites(spec_, mistakes_);
    index_names();
    resolve_inputs();
    sort();
    find_ids();
    ParameterRoots roots(graph_);
    for (const std::uint32_t layer : graph_.order) {
      if (!is_shape_known(layer)) continue;  // what follows from a mistake is none
      unknown_[layer] = !mistakes_.attempt([&] { infer(layer); });
      is_inferred_[layer] = !unknown_[layer];
      if (mistakes_.empty()) roots.add(layer);
    }
    mistakes_.throw_any();
    group_shared_blocks();
    add_up_parameters();
    find_unused();
    return std::move(graph_);
  }

 private:
  void index_names() {
    names_.reserve(spec_.layers.size());
    for (std::uint32_t i = 0; i < spec_.layers.size(); ++i) {
      const LayerSpec& layer = spec_.layers[i];
      const auto [first, inserted] = names_.emplace(layer.name, i);
      if (inserted) continue;
      repeated_.insert(layer.name);
      mistakes_.add({layer.location,
                     fmt::format("two layers are named '{}'", layer.name),
                     "names must be unique",
                     {{spec_.layers[first->second].location, "the first one is here"}}});
    }
  }

  std::uint32_t find(const Reference& reference) const {
    if (reference.name == input_name) return Graph::network_input;
    if (const auto found = names_.find(reference.name); found != names_.end()) {
      return found->second;
    }
    constexpr std::size_t most_candidates = 10'000;
    std::vector<std::string_view> candidates{input_name};
    for (const LayerSpec& layer : spec_.layers) {
      if (candidates.size() < most_candidates) candidates.push_back(layer.name);
    }
    throw SpecError(reference.location, fmt::format("there is no layer '{}'", reference.name),
                    suggest(reference.name, candidates,
                            "layers are called by their 'name'; the network's input is 'input'"));
  }

  void resolve_inputs() {
    graph_.layers.resize(spec_.layers.size());
    unknown_.resize(spec_.layers.size());
    is_inferred_.resize(spec_.layers.size());
    for (std::uint32_t i = 0; i < spec_.layers.size(); ++i) {
      const LayerSpec& layer = spec_.layers[i];
      unknown_[i] = layer.has_mistake;
      std::vector<std::uint32_t>& inputs = graph_.layers[i].inputs;
      inputs.reserve(std::max<std::size_t>(layer.inputs.size(), 1));
      const auto resolve = [&](const Reference& reference, const auto& take) {
        // Which layer is meant, or whether there is one, follows from a mistake elsewhere.
        const bool is_hidden =
            repeated_.contains(reference.name) ||
            (!names_.contains(reference.name) && is_among(spec_.lost_names, reference.name));
        if (is_hidden || !mistakes_.attempt([&] { take(find(reference)); })) unknown_[i] = true;
      };
      for (const Reference& reference : layer.inputs) {
        resolve(reference, [&](std::uint32_t input) { inputs.push_back(input); });
      }
      if (layer.share) {
        resolve(*layer.share, [&](std::uint32_t owner) { graph_.layers[i].share = owner; });
      }
      if (!layer.inputs.empty() || layer.has_mistake) continue;
      inputs.push_back(i == 0 ? Graph::network_input : i - 1);
    }
  }

  // Whether the layers that it reads, or takes parameters of, have shapes; if not, its own is not
  // known either.
  bool is_shape_known(std::uint32_t layer) {
    // What does not fit the first piece of a composite does not fit the next ones either.
    const std::optional<PlacedComposite>& composite = spec_.layers[layer].composite;
    if (composite && unknown_[layer - composite->piece]) unknown_[layer] = true;
    const std::uint32_t owner = graph_.layers[layer].share;
    if (owner < graph_.layers.size() && unknown_[owner]) unknown_[layer] = true;
    for (const std::uint32_t input : graph_.layers[layer].inputs) {
      const bool known = input == Graph::network_input ? spec_.has_input : !unknown_[input];
      if (!known) unknown_[layer] = true;
    }
    return !unknown_[layer];
  }

  // Depth first with a stack of its own: a chain of 10^6 layers may be given back to front.
  void sort() {
    enum class State : std::uint8_t { fresh, open, done };
    struct Visit {
      std::uint32_t layer;
      std::uint32_t next_input;
    };
    std::vector<State> states(graph_.layers.size(), State::fresh);
    std::vector<Visit> path;
    graph_.order.reserve(graph_.layers.size());
    for (std::uint32_t start = 0; start < graph_.layers.size(); ++start) {
      if (states[start] != State::fresh) continue;
      path.push_back({start, 0});
      states[start] = State::open;
      while (!path.empty()) {
        Visit& visit = path.back();
        const std::vector<std::uint32_t>& inputs = graph_.layers[visit.layer].inputs;
        if (visit.next_input == inputs.size()) {
          states[visit.layer] = State::done;
          graph_.order.push_back(visit.layer);
          path.pop_back();
          continue;
        }
        const std::uint32_t input = inputs[visit.next_input++];
        if (input == Graph::network_input || states[input] == State::done) continue;
        if (states[input] == State::open) {
          std::vector<std::uint32_t> cycle;
          for (auto v = path.rbegin(); cycle.empty() || cycle.back() != input; ++v) {
            cycle.push_back(v->layer);
            unknown_[v->layer] = true;
          }
          mistakes_.attempt([&] { refuse_cycle(cycle); });
          continue;
        }
        states[input] = State::open;
        path.push_back({input, 0});
      }
    }
  }

  // `cycle`: each layer is read by the next one, the last one by the first.
  [[noreturn]] void refuse_cycle(const std::vector<std::uint32_t>& cycle) const {
    constexpr std::size_t shown = 20;
    const std::string& last = spec_.layers[cycle.back()].name;
    std::string text = last;
    for (std::size_t i = 0; i < std::min(cycle.size(), shown); ++i) {
      text.insert(0, spec_.layers[cycle[i]].name + " <- ");  // from input to reader
    }
    if (cycle.size() > shown) text.insert(0, last + " <- ... <- ");
    throw SpecError(spec_.layers[cycle.back()].location,
                    fmt::format("the layers form a cycle: {}", text),
                    "a layer can only read layers that do not read it");
  }

  // Ids are chosen by and not computed with: they are the network's input, and where a layer reads
  // them all others that read the input do so, too.
  void find_ids() {
    const auto first_of = [&](std::uint32_t layer) -> const PlacedComponent* {
      const std::vector<PlacedComponent>& components = spec_.layers[layer].components;
      return components.empty() ? nullptr : components.data();
    };
    const LayerSpec* reader = nullptr;  // of ids
    for (std::uint32_t i = 0; i < spec_.layers.size(); ++i) {
      const PlacedComponent* const first = first_of(i);
      const std::optional<std::int64_t> ids =
          first == nullptr || unknown_[i] ? std::nullopt : ids_of(first->component);
      if (!ids) continue;
      graph_.input_ids = std::min(*ids, graph_.input_ids.value_or(*ids));
      if (reader == nullptr) reader = &spec_.layers[i];
      const std::uint32_t input = graph_.layers[i].inputs.front();
      if (input != Graph::network_input) refuse_ids_of(i, spec_.layers[input].name);
    }
    if (reader == nullptr) return;
    for (std::uint32_t i = 0; i < spec_.layers.size(); ++i) {
      const PlacedComponent* const first = first_of(i);
      const bool computes =
          !unknown_[i] && std::ranges::count(graph_.layers[i].inputs, Graph::network_input) > 0 &&
          (first == nullptr || (!reads_nothing(first->component) && !ids_of(first->component)));
      if (computes) refuse_to_compute_with_ids(i, *reader);
    }
  }

  void refuse_ids_of(std::uint32_t index, const std::string& input) {
    const LayerSpec& layer = spec_.layers[index];
    const std::string_view name = name_of(layer.components.front().component);
    mistakes_.add({layer.components.front().location,
                   fmt::format("layer '{}': {} reads '{}', and ids are the network's input only",
                               layer.name, name, input),
                   fmt::format("write from: {}, or dense with per: position in place of {}",
                               input_name, name)});
    unknown_[index] = true;
  }

  void refuse_to_compute_with_ids(std::uint32_t index, const LayerSpec& reader) {
    const LayerSpec& layer = spec_.layers[index];
    mistakes_.add({layer.location,
                   fmt::format("layer '{}' computes with the network's input, and '{}' takes it "
                               "for ids",
                               layer.name, reader.name),
                   fmt::format("ids are no numbers: read what is looked up, '{}'", reader.name),
                   {{reader.location, "the ids are read here"}}});
    unknown_[index] = true;
  }

  void infer(std::uint32_t index) {
    LayerSpec& from = spec_.layers[index];
    Layer& layer = graph_.layers[index];
    layer.name = std::move(from.name);
    layer.location = from.location;
    layer.radius = from.radius;
    layer.components = std::move(from.components);
    if (from.share) find_shared(index, *from.share);
    std::vector<Shape>& shapes = shapes_;
    shapes.clear();
    for (const std::uint32_t input : layer.inputs) shapes.push_back(graph_.shape_of(input));
    layer.output = shapes.front();
    if (from.composite) add_components(*from.composite, layer);
    for (PlacedComponent& part : layer.components) {
      try {
        place(part, index, shapes);
      } catch (const ShapeError& error) {
        const std::string question = question_of_channels(graph_.input);
        throw SpecError(part.location, describe(error, layer),
                        question.empty() ? error.hint : question, producers(layer, shapes));
      }
      shapes.assign(1, layer.output);
    }
    if (from.share && next_taken_ < shared_.size()) refuse_share(from.share->location, layer);
  }

  // Those of a piece, before its own.
  void add_components(const PlacedComposite& placed, Layer& layer) {
    std::vector<PlacedComponent> parts;
    try {
      for (Component& part : components_of(placed.composite, placed.piece, shapes_)) {
        parts.push_back({std::move(part), placed.location, {}});
        if (!array_words(parts.back().component).empty()) parts.back().weights = placed.weights;
      }
    } catch (const ShapeError& error) {
      throw SpecError(placed.location, describe(error, layer), error.hint);
    }
    layer.components.insert(layer.components.begin(), parts.begin(), parts.end());
  }

  // The blocks that a layer takes are those of the other one, in their order.
  void find_shared(std::uint32_t index, const Reference& reference) {
    Layer& layer = graph_.layers[index];
    const std::uint32_t owner = layer.share;
    if (owner == Graph::network_input || owner == index) {
      throw SpecError(
          reference.location,
          fmt::format("layer '{}' cannot take the parameters of '{}'", layer.name, reference.name),
          "name another layer");
    }
    if (layer.radius) {
      throw SpecError(reference.location,
                      fmt::format("layer '{}' has the parameters of '{}', and its own radius",
                                  layer.name, reference.name),
                      "remove 'radius': that of the other layer holds");
    }
    if (!is_inferred_[owner]) {
      throw SpecError(reference.location,
                      fmt::format("layer '{}' comes before '{}', whose parameters it takes",
                                  layer.name, reference.name),
                      "share has to name an earlier layer: exchange the two");
    }
    shared_.clear();
    next_taken_ = 0;
    for (const PlacedComponent& placed : graph_.layers[owner].components) {
      if (placed.block != PlacedComponent::no_block) shared_.push_back(&placed);
    }
    if (!shared_.empty()) return;
    throw SpecError(reference.location,
                    fmt::format("layer '{}' has no parameters to share", reference.name),
                    "name a layer with weights, or remove 'share'");
  }

  [[noreturn]] void refuse_share(Location location, const Layer& layer,
                                 const std::string& reason = {}) const {
    throw SpecError(location,
                    fmt::format("the parameters of '{}' do not fit '{}'{}",
                                graph_.layers[layer.share].name, layer.name, reason),
                    "give it the same components with parameters, of the same sizes; a table of an "
                    "embedding is also the weights of dense with per: position and bias: false");
  }

  // Gives a component the block of the one that stands at its place in the other layer.
  void take_block(PlacedComponent& part, const Layer& layer, const OwnBlock& block) {
    const Location location = part.location;
    if (next_taken_ == shared_.size()) refuse_share(location, layer);
    const PlacedComponent& other = *shared_[next_taken_++];
    const Layer& owner = graph_.layers[layer.share];
    const auto place = static_cast<std::size_t>(&other - owner.components.data());
    const OwnBlock given =
        block_of(other.component, graph_.site_of(owner, place, batch_)).value_or(OwnBlock{});
    const bool is_same_component = name_of(other.component) == name_of(part.component) &&
                                   given.elements == block.elements && given.form == block.form;
    const bool is_same_matrix = block.matrix && block.matrix == given.matrix;
    if (!(is_same_component || is_same_matrix) || block.radius) {
      refuse_share(location, layer,
                   block.radius
                       ? fmt::format(", whose {} has a radius of its own", name_of(part.component))
                       : fmt::format(": {} with {} parameters there, {} with {} here",
                                     name_of(other.component), given.elements,
                                     name_of(part.component), block.elements));
    }
    part.block = other.block;
  }

  // The last group has all that are left.
  void group_shared_blocks() {
    std::vector<std::uint32_t> uses(graph_.blocks.size());
    for (const Layer& layer : graph_.layers) {
      for (const PlacedComponent& placed : layer.components) {
        if (placed.block != PlacedComponent::no_block) ++uses[placed.block];
      }
    }
    for (std::size_t block = 0; block < uses.size(); ++block) {
      if (uses[block] < 2) continue;
      graph_.shared_groups = std::min(graph_.shared_groups + 1, Graph::most_shared_groups);
      graph_.blocks[block].group = graph_.shared_groups;
    }
  }

  void place(PlacedComponent& part, std::uint32_t index, std::span<const Shape> shapes) {
    Layer& layer = graph_.layers[index];
    part.output = std::visit([&](const auto& c) { return c.output_shape(shapes); }, part.component);
    checked_product(part.output.elements(), batch_, "the number of scalars of a batch");
    const Site site{shapes, part.output, batch_};
    const std::optional<OwnBlock> block = block_of(part.component, site);
    if (block && layer.share != Layer::none) {
      take_block(part, layer, *block);
    } else if (block) {
      layer.parameters = checked_sum(layer.parameters, block->elements, "the number of parameters");
      part.block = static_cast<std::uint32_t>(graph_.blocks.size());
      const auto component = static_cast<std::uint32_t>(&part - layer.components.data());
      graph_.blocks.push_back(
          {index, component, block->elements, block->radius ? block->radius : layer.radius});
    }
    graph_.couples_samples = graph_.couples_samples || couples_samples(part.component);
    layer.output = part.output;
  }

  [[nodiscard]] std::string describe(const ShapeError& error, const Layer& layer) const {
    return fmt::format("layer '{}': {}", layer.name, error.what());
  }

  [[nodiscard]] std::string name_of_input(std::uint32_t input) const {
    return input == Graph::network_input ? std::string(input_name) : graph_.layers[input].name;
  }

  // Where several inputs disagree, each is named with its shape.
  [[nodiscard]] std::vector<SpecError::Note> producers(const Layer& layer,
                                                       std::span<const Shape> shapes) const {
    std::vector<SpecError::Note> notes;
    if (shapes.size() < 2) return notes;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const std::uint32_t input = layer.inputs[i];
      const Location place =
          input == Graph::network_input ? Location{} : graph_.layers[input].location;
      notes.push_back(
          {place, fmt::format("'{}' gives {}", name_of_input(input), shapes[i].to_text())});
    }
    return notes;
  }

  void add_up_parameters() {
    for (const Layer& layer : graph_.layers) {
      try {
        graph_.parameters = checked_sum(graph_.parameters, layer.parameters,
                                        "the number of parameters of the network");
      } catch (const ShapeError& error) {
        throw SpecError(layer.location, error.what(), error.hint);
      }
    }
  }

  void find_unused() {
    std::vector<bool> used(graph_.layers.size());
    used[graph_.output()] = true;
    for (auto layer = graph_.order.rbegin(); layer != graph_.order.rend(); ++layer) {
      if (!used[*layer]) continue;
      for (const std::uint32_t input : graph_.layers[*layer].inputs) {
        if (input != Graph::network_input) used[input] = true;
      }
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (!used[i]) graph_.unused.push_back(graph_.layers[i].name);
    }
  }

  Spec spec_;
  std::int64_t batch_;
  Graph graph_;
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::unordered_set<std::string_view> repeated_;  // names of several layers
  MistakeList mistakes_;
  std::vector<bool> unknown_;  // layers whose shape a mistake hides
  std::vector<bool> is_inferred_;
  std::vector<const PlacedComponent*> shared_;  // with the blocks that the layer at hand takes
  std::size_t next_taken_ = 0;                  // of them
  std::vector<Shape> shapes_;                   // of the inputs of the component at hand
};

}  // namespace

std::string question_of_channels(const Shape& input) {
  constexpr std::int64_t colours = 4;
  constexpr std::int64_t smallest_image = 8;
  if (input.spatial_rank() != 2) return "";
  const std::int64_t height = input.channels();
  const std::int64_t width = input.spatial(0);
  const std::int64_t channels = input.spatial(1);
  if (channels > colours || height < smallest_image || width < smallest_image) return "";
  return fmt::format(
      "input {0} is read as {1} channels of {2}x{3}: do channels come first? "
      "An image of {1}x{2} in {3} channels is [{3}, {1}, {2}]",
      input.to_text(), height, width, channels);
}

Graph build_graph(Spec&& spec, std::int64_t batch, MistakeList mistakes) {
  return Builder(std::move(spec), batch, std::move(mistakes)).build();
}

}  // namespace smoothbound
