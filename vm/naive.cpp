#include <vm/naive.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include <core/check.hpp>
#include <vm/naive_numeric.hpp>
#include <vm/naive_scan.hpp>

namespace polis::vm {

namespace {

using naive::BodyMap;
using naive::CodeReader;

/// What all instances of one run share.
struct Budget {
    std::uint64_t gas = 0;
    std::uint32_t frames = 0;
    std::uint64_t slots = 0;

    [[nodiscard]] std::optional<Trap> charge(std::uint64_t amount) {
        if (amount > gas) {
            gas = 0;
            return Trap::kOutOfGas;
        }
        gas -= amount;
        return std::nullopt;
    }
};

/// A block that is open.
struct Label {
    std::size_t target = 0;  ///< where a branch to it goes on
    std::size_t height = 0;  ///< of the operands when it began
    bool is_loop = false;
    bool has_value = false;  ///< a branch to it carries one
};

/// A function that is running.
struct Frame {
    const BodyMap* body = nullptr;
    const FuncType* type = nullptr;
    std::size_t at = 0;      ///< the next instruction
    std::size_t locals = 0;  ///< index of the first into the stack
    std::size_t labels = 0;  ///< open blocks below this frame
    std::uint32_t slots = 0;
    std::uint32_t function = 0;
};

/// The functions of one instance. Frames, labels and operands are vectors: only a call of another
/// instance's function recurses, at most kCallDepthMax times.
class Machine {
  public:
    Machine(Instance& instance, Budget& budget)
        : instance_(instance), module_(instance.module()), budget_(budget) {
        bodies_.resize(module_.bodies.size());
    }

    /// Runs a function; its result, if it has one, is the only value of stack().
    [[nodiscard]] std::optional<Trap> run(
        std::uint32_t function, std::span<const std::uint64_t> args);

    [[nodiscard]] const std::vector<std::uint64_t>& stack() const { return stack_; }

  private:
    [[nodiscard]] std::optional<Trap> step();
    [[nodiscard]] std::optional<Trap> control(std::uint8_t opcode);
    [[nodiscard]] std::optional<Trap> start_if();
    [[nodiscard]] std::optional<Trap> branch_by_table();
    [[nodiscard]] std::optional<Trap> branch(std::uint32_t depth);
    [[nodiscard]] std::optional<Trap> go_on_at(std::size_t at);
    void open_block(bool is_loop);
    void end_block();
    void leave();

    [[nodiscard]] std::optional<Trap> call_indirect();
    [[nodiscard]] std::optional<Trap> call(const FunctionRef& callee);
    [[nodiscard]] std::optional<Trap> call_host(const FunctionRef& callee);
    [[nodiscard]] std::optional<Trap> enter(std::uint32_t function);

    [[nodiscard]] std::optional<Trap> variable(std::uint8_t opcode);
    [[nodiscard]] std::optional<Trap> memory(std::uint8_t opcode);
    [[nodiscard]] std::optional<Trap> load(std::uint8_t opcode, std::uint64_t address);
    [[nodiscard]] std::optional<Trap> store(
        std::uint8_t opcode, std::uint64_t address, std::uint64_t value);
    [[nodiscard]] std::optional<Trap> grow();

    [[nodiscard]] Frame& frame() { return frames_.back(); }

    std::uint32_t immediate();
    std::uint64_t pop();
    const BodyMap& body_of(std::uint32_t function);

    Instance& instance_;
    const Module& module_;
    Budget& budget_;
    std::vector<std::unique_ptr<BodyMap>> bodies_;
    std::vector<Frame> frames_;
    std::vector<Label> labels_;
    std::vector<std::uint64_t> stack_;
};

std::uint32_t Machine::immediate() {
    CodeReader reader(frame().body->code(), frame().at);
    const std::uint32_t out = reader.unsigned_32();
    frame().at = reader.at();
    return out;
}

std::uint64_t Machine::pop() {
    const std::uint64_t out = stack_.back();
    stack_.pop_back();
    return out;
}

const BodyMap& Machine::body_of(std::uint32_t function) {
    const std::uint32_t index = function - module_.imported_functions;
    if (bodies_[index] == nullptr) {
        const Body& body = module_.bodies[index];
        bodies_[index] = std::make_unique<BodyMap>(
            ByteView(module_.bytes).subspan(body.begin, body.end - body.begin),
            instance_.program().gas());
    }
    return *bodies_[index];
}

std::optional<Trap> Machine::run(std::uint32_t function, std::span<const std::uint64_t> args) {
    stack_.assign(args.begin(), args.end());
    if (const auto trap = call(instance_.function(function))) {
        return trap;
    }
    while (!frames_.empty()) {
        if (const auto trap = step()) {
            return trap;
        }
    }
    return std::nullopt;
}

std::optional<Trap> Machine::step() {
    const std::uint8_t opcode = frame().body->code()[frame().at++];
    if (opcode <= 0x11) {
        return control(opcode);
    }
    if (opcode <= 0x24) {
        return variable(opcode);
    }
    if (opcode <= 0x40) {
        return memory(opcode);
    }
    if (opcode == 0x41 || opcode == 0x42) {
        CodeReader reader(frame().body->code(), frame().at);
        const std::uint64_t value = reader.signed_64();
        frame().at = reader.at();
        stack_.push_back(opcode == 0x41 ? static_cast<std::uint32_t>(value) : value);
        return std::nullopt;
    }
    return opcode <= 0x44 ? Trap::kFloat : naive::execute_numeric(opcode, stack_);
}

std::optional<Trap> Machine::control(std::uint8_t opcode) {
    switch (opcode) {
        case 0x00:
            return Trap::kUnreachable;
        case 0x01:
            return std::nullopt;
        case 0x02:
        case 0x03:
            open_block(opcode == 0x03);
            return std::nullopt;
        case 0x04:
            return start_if();
        case 0x05: {  // the end of the first half of an if
            const std::size_t behind = labels_.back().target;
            labels_.pop_back();
            return go_on_at(behind);
        }
        case 0x0b:
            end_block();
            return std::nullopt;
        case 0x0c:
            return branch(immediate());
        case 0x0d: {
            const std::uint32_t depth = immediate();
            return pop() != 0 ? branch(depth) : go_on_at(frame().at);
        }
        case 0x0e:
            return branch_by_table();
        case 0x0f:
            leave();
            return std::nullopt;
        case 0x10:
            return call(instance_.function(immediate()));
        default:
            return call_indirect();
    }
}

/// Of a block or loop: behind the opcode stands its type, one byte.
void Machine::open_block(bool is_loop) {
    const std::size_t opcode = frame().at - 1;
    const bool has_type = frame().body->code()[frame().at] != 0x40;
    ++frame().at;
    labels_.push_back(
        {.target = is_loop ? frame().at : frame().body->behind_end(opcode),
         .height = stack_.size(),
         .is_loop = is_loop,
         .has_value = has_type && !is_loop});
}

std::optional<Trap> Machine::start_if() {
    const std::size_t opcode = frame().at - 1;
    const std::uint64_t condition = pop();
    if (condition != 0) {
        open_block(/*is_loop=*/false);
        return go_on_at(frame().at);
    }
    const std::size_t otherwise = frame().body->behind_else(opcode);
    if (otherwise == 0) {
        return go_on_at(frame().body->behind_end(opcode));
    }
    open_block(/*is_loop=*/false);
    return go_on_at(otherwise);
}

/// Pays the run from there.
std::optional<Trap> Machine::go_on_at(std::size_t at) {
    frame().at = at;
    return budget_.charge(frame().body->run(at));
}

void Machine::end_block() {
    if (labels_.size() == frame().labels) {
        leave();
    } else {
        labels_.pop_back();
    }
}

std::optional<Trap> Machine::branch(std::uint32_t depth) {
    if (labels_.size() - frame().labels == depth) {
        leave();
        return std::nullopt;
    }
    labels_.resize(labels_.size() - depth);
    const Label label = labels_.back();
    if (label.has_value) {
        stack_[label.height] = stack_.back();
    }
    stack_.resize(label.height + (label.has_value ? 1 : 0));
    if (!label.is_loop) {
        labels_.pop_back();
    }
    return go_on_at(label.target);
}

std::optional<Trap> Machine::branch_by_table() {
    CodeReader reader(frame().body->code(), frame().at);
    const std::uint32_t count = reader.unsigned_32();
    const std::uint64_t wanted = std::min<std::uint64_t>(pop(), count);
    for (std::uint64_t i = 0; i < wanted; ++i) {
        reader.unsigned_32();
    }
    return branch(reader.unsigned_32());
}

/// Ends the function that runs: its result takes the place of its locals.
void Machine::leave() {
    const Frame ended = frame();
    const bool has_value = ended.type->result.has_value();
    if (has_value) {
        const std::uint64_t result = stack_.back();
        stack_.resize(ended.locals);
        stack_.push_back(result);
    } else {
        stack_.resize(ended.locals);
    }
    labels_.resize(ended.labels);
    frames_.pop_back();
    --budget_.frames;
    budget_.slots -= ended.slots;
    if (CallObserver* observer = instance_.observer()) {
        observer->on_return(ended.function, budget_.gas);
    }
}

std::optional<Trap> Machine::call_indirect() {
    const FuncType& wanted = module_.types[immediate()];
    immediate();  // the table: there is one
    const std::vector<FunctionRef>& entries = instance_.table()->entries;
    const std::uint64_t index = pop();
    if (index >= entries.size()) {
        return Trap::kTableBounds;
    }
    const FunctionRef callee = entries[index];
    if (callee.is_empty()) {
        return Trap::kEmptyElement;
    }
    return *callee.type == wanted ? call(callee) : Trap::kSignature;
}

std::optional<Trap> Machine::call(const FunctionRef& callee) {
    if (callee.instance == nullptr) {
        return call_host(callee);
    }
    if (callee.instance == &instance_) {
        return enter(callee.index);
    }
    Machine other(*callee.instance, budget_);
    const std::size_t below = stack_.size() - callee.type->params.size();
    const std::optional<Trap> trap = other.run(callee.index, std::span(stack_).subspan(below));
    stack_.resize(below);
    stack_.insert(stack_.end(), other.stack_.begin(), other.stack_.end());
    return trap;
}

std::optional<Trap> Machine::call_host(const FunctionRef& callee) {
    const std::size_t below = stack_.size() - callee.type->params.size();
    HostCall call;
    call.args = std::span<const std::uint64_t>(stack_).subspan(below);
    call.memory = instance_.memory().get();
    call.gas_left = budget_.gas;
    const std::optional<Trap> trap = callee.host->call(callee.index, call);
    budget_.gas = trap == Trap::kOutOfGas ? 0 : call.gas_left;
    stack_.resize(below);
    if (callee.type->result) {
        const bool is_i32 = *callee.type->result == ValueType::kI32;
        stack_.push_back(is_i32 ? static_cast<std::uint32_t>(call.result) : call.result);
    }
    return trap;
}

/// Its arguments are the topmost values of the stack and become its first locals.
std::optional<Trap> Machine::enter(std::uint32_t function) {
    const std::uint32_t index = function - module_.imported_functions;
    const std::uint32_t slots = instance_.program().functions()[index].frame_slots;
    if (CallObserver* observer = instance_.observer()) {
        observer->on_call(function, budget_.gas);
    }
    if (budget_.frames == kCallDepthMax || budget_.slots + slots > kStackSlotsMax) {
        return Trap::kStackExhausted;
    }
    ++budget_.frames;
    budget_.slots += slots;
    const FuncType& type = module_.type_of(function);
    const std::uint32_t zeroed = module_.bodies[index].local_count;
    frames_.push_back(
        {.body = &body_of(function),
         .type = &type,
         .at = 0,
         .locals = stack_.size() - type.params.size(),
         .labels = labels_.size(),
         .slots = slots,
         .function = function});
    stack_.resize(stack_.size() + zeroed, 0);
    const std::uint64_t begun = (std::uint64_t{zeroed} + 7) / 8;
    return budget_.charge(begun * instance_.program().gas().locals_8 + frame().body->run(0));
}

/// drop, select, locals, globals.
std::optional<Trap> Machine::variable(std::uint8_t opcode) {
    if (opcode == 0x1a) {
        stack_.pop_back();
        return std::nullopt;
    }
    if (opcode == 0x1b) {
        const std::uint64_t condition = pop();
        const std::uint64_t second = pop();
        stack_.back() = condition != 0 ? stack_.back() : second;
        return std::nullopt;
    }
    const std::uint32_t index = immediate();
    switch (opcode) {
        case 0x20: {
            const std::uint64_t value = stack_[frame().locals + index];
            stack_.push_back(value);
            break;
        }
        case 0x21:
            stack_[frame().locals + index] = stack_.back();
            stack_.pop_back();
            break;
        case 0x22:
            stack_[frame().locals + index] = stack_.back();
            break;
        case 0x23:
            stack_.push_back(instance_.globals()[index]->value);
            break;
        default:
            instance_.globals()[index]->value = pop();
            break;
    }
    return std::nullopt;
}

std::optional<Trap> Machine::memory(std::uint8_t opcode) {
    if (opcode == 0x3f || opcode == 0x40) {
        ++frame().at;  // the memory: there is one
        if (opcode == 0x40) {
            return grow();
        }
        stack_.push_back(instance_.memory()->pages());
        return std::nullopt;
    }
    immediate();  // alignment: a hint
    const std::uint64_t offset = immediate();
    if (opcode == 0x2a || opcode == 0x2b || opcode == 0x38 || opcode == 0x39) {
        return Trap::kFloat;
    }
    if (opcode < 0x36) {
        return load(opcode, pop() + offset);
    }
    const std::uint64_t value = pop();
    return store(opcode, pop() + offset, value);
}

std::optional<Trap> Machine::grow() {
    const std::uint64_t pages = pop();
    if (const auto trap = budget_.charge(pages * instance_.program().gas().grow_page)) {
        return trap;
    }
    const auto before = instance_.memory()->grow(static_cast<std::uint32_t>(pages));
    stack_.push_back(before.value_or(0xffff'ffff));
    return std::nullopt;
}

/// How many bytes, and how to extend them to what is loaded.
struct Access {
    std::uint8_t bytes;
    bool is_signed;
    bool is_i64;
};

Access load_of(std::uint8_t opcode) {
    switch (opcode) {
        case 0x28:  // i32.load
            return {4, false, false};
        case 0x29:  // i64.load
            return {8, false, true};
        case 0x2c:  // i32.load8_s, load8_u, load16_s, load16_u
        case 0x2d:
            return {1, opcode == 0x2c, false};
        case 0x2e:
        case 0x2f:
            return {2, opcode == 0x2e, false};
        case 0x30:  // i64.load8_s, load8_u, load16_s, load16_u, load32_s, load32_u
        case 0x31:
            return {1, opcode == 0x30, true};
        case 0x32:
        case 0x33:
            return {2, opcode == 0x32, true};
        default:
            return {4, opcode == 0x34, true};
    }
}

std::uint8_t stored_bytes(std::uint8_t opcode) {
    switch (opcode) {
        case 0x37:  // i64.store
            return 8;
        case 0x36:  // i32.store, i64.store32
        case 0x3e:
            return 4;
        case 0x3b:  // i32.store16, i64.store16
        case 0x3d:
            return 2;
        default:  // i32.store8, i64.store8
            return 1;
    }
}

std::optional<Trap> Machine::load(std::uint8_t opcode, std::uint64_t address) {
    const Access access = load_of(opcode);
    const Memory& memory = *instance_.memory();
    if (address + access.bytes > memory.size()) {
        return Trap::kMemoryBounds;
    }
    std::uint64_t value = 0;
    for (unsigned i = access.bytes; i > 0; --i) {
        value = (value << 8) | memory.data()[address + i - 1];
    }
    const unsigned bits = 8U * access.bytes;
    if (access.is_signed && (value >> (bits - 1)) != 0) {
        value |= ~std::uint64_t{0} << bits;
    }
    stack_.push_back(access.is_i64 ? value : static_cast<std::uint32_t>(value));
    return std::nullopt;
}

std::optional<Trap> Machine::store(
    std::uint8_t opcode, std::uint64_t address, std::uint64_t value) {
    const std::uint8_t bytes = stored_bytes(opcode);
    const Memory& memory = *instance_.memory();
    if (address + bytes > memory.size()) {
        return Trap::kMemoryBounds;
    }
    for (unsigned i = 0; i < bytes; ++i) {
        memory.data()[address + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return std::nullopt;
}

}  // namespace

Outcome run_naive(
    Instance& instance,
    std::uint32_t function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas) {
    POLIS_ASSERT_OP(args.size(), ==, instance.module().type_of(function).params.size());
    Budget budget{.gas = gas};
    Machine machine(instance, budget);
    Outcome out;
    out.trap = machine.run(function, args);
    if (!out.trap && instance.module().type_of(function).result) {
        out.result = machine.stack().back();
    }
    out.gas_left = budget.gas;
    return out;
}

}  // namespace polis::vm
