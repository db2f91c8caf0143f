"""MQTT 3.1.1 scenarios with paho-mqtt: arguments are host, port, password; users are `open` and `closed`. Prints one JSON line."""
import json
import sys
import threading
import time

import paho.mqtt.client as mqtt

HOST, PORT, PASSWORD = sys.argv[1], int(sys.argv[2]), sys.argv[3]
DEADLINE_S = 10


class Peer:
    def __init__(self, user, client_id="", clean=True, will=None, keepalive=30, manual_ack=False):
        self.messages, self.granted, self.code = [], None, None
        self.changed = threading.Condition()
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, protocol=mqtt.MQTTv311,
            manual_ack=manual_ack, reconnect_on_failure=False)
        self.client.username_pw_set(user, PASSWORD)
        if will:
            self.client.will_set(*will)
        self.up = False
        self.client.on_connect = lambda c, u, f, reason, p: self._set(up=not reason.is_failure, code=str(reason))
        self.client.on_disconnect = lambda c, u, f, reason, p: self._set(up=False, code=self.code or str(reason))
        self.client.on_message = self._message
        self.client.on_subscribe = lambda c, u, mid, reasons, p: self._set(granted=[r.value for r in reasons])
        self.client.on_unsubscribe = lambda c, u, mid, r, p: self._set(granted=[])
        self.client.connect(HOST, PORT, keepalive)
        self.client.loop_start()
        self.wait(lambda: self.code is not None)

    def _set(self, **values):
        with self.changed:
            self.__dict__.update(values)
            self.changed.notify_all()

    def _message(self, _client, _user, m):
        with self.changed:
            self.messages.append([m.topic, m.payload.decode(), m.qos, m.retain, m.dup])
            self.changed.notify_all()

    def wait(self, condition):
        with self.changed:
            if not self.changed.wait_for(condition, DEADLINE_S):
                raise TimeoutError(f"{self.messages} {self.code} {self.granted}")

    def subscribe(self, *filters):
        self.granted = None
        self.client.subscribe(list(filters))
        self.wait(lambda: self.granted is not None)
        return self.granted

    def publish(self, topic, payload, qos, retain=False):
        info = self.client.publish(topic, payload, qos, retain)
        try:
            info.wait_for_publish(DEADLINE_S)
        except RuntimeError:
            pass

    def got(self, count):
        self.wait(lambda: len(self.messages) >= count)
        return self.messages

    def payloads(self, count):
        return sorted(m[1] for m in self.got(count))

    def leave(self):
        self.client.disconnect()
        self.wait(lambda: not self.up)
        self.client.loop_stop()

    def break_off(self):
        self.client.socket().close()
        self.client.loop_stop()


def basic():
    a = Peer("open", "p-basic")
    a.subscribe(("p/basic/#", 2))
    for qos in (0, 1, 2):
        a.publish(f"p/basic/{qos}", f"q{qos}", qos)
    return a.payloads(3) == ["q0", "q1", "q2"] and sorted(m[2] for m in a.messages) == [0, 1, 2]


def retained():
    a = Peer("open", "p-retained")
    for qos in (0, 1, 2):
        a.publish(f"p/kept/{qos}", f"q{qos}", qos, True)
    b = Peer("open", "p-retained-2")
    b.subscribe(("p/kept/+", 2))
    kept = b.payloads(3) == ["q0", "q1", "q2"] and all(m[3] for m in b.messages)
    for qos in (0, 1, 2):
        a.publish(f"p/kept/{qos}", "", qos, True)
    c = Peer("open", "p-retained-3")
    c.subscribe(("p/kept/+", 2))
    c.publish("p/kept/end", "end", 1)
    return kept and c.payloads(1) == ["end"]


def offline_queueing():
    a = Peer("open", "p-sleeper", clean=False)
    a.subscribe(("p/sleep/#", 2))
    a.leave()
    b = Peer("open", "p-waker")
    for qos in (1, 2, 1):
        b.publish(f"p/sleep/{qos}", f"q{qos}", qos)
    back = Peer("open", "p-sleeper", clean=False)
    ok = back.payloads(3) == ["q1", "q1", "q2"]
    back.leave()
    Peer("open", "p-sleeper").leave()
    return ok


def overlapping():
    a = Peer("open", "p-overlap")
    a.subscribe(("p/lap/#", 2), ("p/lap/+", 1))
    a.publish("p/lap/x", "x", 2)
    a.publish("p/lap/end", "end", 1)
    a.wait(lambda: any(m[1] == "end" for m in a.messages))
    return [m[1:3] for m in a.messages if m[1] == "x"] in ([["x", 2]], [["x", 2], ["x", 1]], [["x", 1], ["x", 2]])


def keep_alive():
    witness = Peer("open", "p-ka-witness")
    witness.subscribe(("p/ka/#", 1))
    # The network loop stops: no PINGREQ goes out any more.
    silent = Peer("open", "p-silent", will=("p/ka/will", "gone", 1, False), keepalive=1)
    silent.client.loop_stop()
    return witness.payloads(1) == ["gone"]


def redelivery():
    a = Peer("open", "p-deaf", clean=False, manual_ack=True)
    a.subscribe(("p/again/#", 1))
    b = Peer("open", "p-again")
    b.publish("p/again/x", "x", 1)
    a.got(1)
    a.break_off()
    back = Peer("open", "p-deaf", clean=False)
    ok = [m[1:] for m in back.got(1)] == [["x", 1, False, True]]
    back.leave()
    Peer("open", "p-deaf").leave()
    return ok


def zero_length_client_id():
    return Peer("open", "").up


def refused_subscription():
    a = Peer("closed", "p-refused")
    return a.subscribe(("forbidden/#", 1), ("own/closed/x", 1)) == [128, 1]


def dollar_topics():
    a = Peer("open", "p-dollar")
    a.subscribe(("+/broker/version", 1), ("#", 0))
    a.subscribe(("$SYS/broker/version", 1))
    a.wait(lambda: any(m[0] == "$SYS/broker/version" for m in a.messages))
    return len([m for m in a.messages if m[0].startswith("$")]) == 1


def unsubscribe():
    a = Peer("open", "p-leaver")
    a.subscribe(("p/leave/a", 1), ("p/leave/b", 1))
    a.granted = None
    a.client.unsubscribe("p/leave/a")
    a.wait(lambda: a.granted is not None)
    a.publish("p/leave/a", "a", 1)
    a.publish("p/leave/b", "b", 1)
    return a.payloads(1) == ["b"]


def will():
    witness = Peer("open", "p-will-witness")
    witness.subscribe(("p/will/#", 2))
    Peer("open", "p-polite", will=("p/will/polite", "polite", 2, False)).leave()
    Peer("open", "p-broken", will=("p/will/broken", "broken", 2, False)).break_off()
    return witness.payloads(1) == ["broken"]


def refused_publish():
    witness = Peer("open", "p-forbidden-witness")
    witness.subscribe(("p/forbidden/#", 1))
    for qos in (0, 1, 2):
        a = Peer("closed", f"p-forbidden-{qos}")
        a.client.publish("p/forbidden/x", "m", qos, True)
        a.wait(lambda: not a.up)
    witness.publish("p/forbidden/end", "end", 1)
    late = Peer("open", "p-forbidden-late")
    late.subscribe(("p/forbidden/x", 1))
    late.publish("p/forbidden/x", "live", 1)
    return "m" not in witness.payloads(1) and late.payloads(1) == ["live"]


def refused_will():
    return not Peer("closed", "p-bad-will", will=("p/forbidden/will", "x", 1, False)).up


def refused_session():
    a = Peer("open", "p-mine", clean=False)
    a.subscribe(("p/mine/#", 1))
    a.leave()
    return not Peer("closed", "p-mine", clean=False).up


def refused_queueing():
    a = Peer("closed", "p-no-queue", clean=False)
    a.subscribe(("p/secret/#", 1), ("own/closed/x", 1))
    a.leave()
    b = Peer("open", "p-secret")
    b.publish("p/secret/x", "secret", 1)
    b.publish("own/closed/x", "own", 1)
    return Peer("closed", "p-no-queue", clean=False).payloads(1) == ["own"]


SCENARIOS = [basic, retained, offline_queueing, overlapping, keep_alive, redelivery, zero_length_client_id,
             refused_subscription, dollar_topics, unsubscribe, will,
             refused_publish, refused_will, refused_session, refused_queueing]

results = {}
for scenario in SCENARIOS:
    try:
        results[scenario.__name__] = "passed" if scenario() else "failed"
    except Exception as error:  # the next scenario still runs
        results[scenario.__name__] = f"{type(error).__name__}: {error}"
print(json.dumps(results), flush=True)
