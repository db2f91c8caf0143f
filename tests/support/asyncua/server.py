"""An OPC UA server that is not node-opcua, for tests: asyncua, steered by JSON lines on stdin, speaking JSON lines on stdout.

The one argument is a JSON object, see AsyncuaOptions in ../asyncua-server.ts.
"""

import asyncio
import json
import logging
import math
import os
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

from asyncua import Server, ua
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from cryptography.x509.oid import ExtendedKeyUsageOID

POLICIES = {
    "None/None": ua.SecurityPolicyType.NoSecurity,
    "Basic256Sha256/Sign": ua.SecurityPolicyType.Basic256Sha256_Sign,
    "Basic256Sha256/SignAndEncrypt": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    "Aes128_Sha256_RsaOaep/Sign": ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    "Aes128_Sha256_RsaOaep/SignAndEncrypt": ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    "Aes256_Sha256_RsaPss/Sign": ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    "Aes256_Sha256_RsaPss/SignAndEncrypt": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
}
UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
VT = ua.VariantType
clock_offset = timedelta(0)


class ShiftedMeta(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, datetime)


class ShiftedDatetime(datetime, metaclass=ShiftedMeta):
    """What asyncua takes for the clock of this computer: the real one, wrong by clock_offset."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + clock_offset


def shift_clock_of_library():
    for name, module in list(sys.modules.items()):
        if name.startswith("asyncua") and getattr(module, "datetime", None) is datetime:
            module.datetime = ShiftedDatetime


def now():
    """The server's clock in whole milliseconds, so that a source timestamp survives any carrier."""
    at = datetime.now(timezone.utc) + clock_offset
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def epoch_ms(at):
    return round(at.timestamp() * 1000)


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def to_python(kind, value):
    if isinstance(value, list):
        return [to_python(kind, each) for each in value]
    if kind in ("Int64", "UInt64"):
        return int(value)
    if kind in ("Double", "Float"):
        return float(value)
    if kind == "DateTime":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if kind == "Guid":
        return uuid.UUID(value)
    if kind == "ByteString":
        return bytes.fromhex(value)
    if kind == "LocalizedText":
        return ua.LocalizedText(value)
    return value


class Users:
    def __init__(self, options):
        self.passwords = options.get("users", {})
        self.certificates = {}
        self.anonymous = options.get("anonymous", True)

    def get_user(self, iserver, username=None, password=None, certificate=None):
        if username is not None:
            good = username in self.passwords and self.passwords[username] == password
            return User(role=UserRole.User, name=username) if good else None
        if certificate in self.certificates:
            return User(role=UserRole.User, name=self.certificates[certificate])
        return User(role=UserRole.User) if self.anonymous else None


class Rig:
    def __init__(self, options):
        self.options = options
        self.folder = Path(options["dataDir"])
        self.users = Users(options)
        self.tick = 0
        self.record = None
        self.tasks = []
        if options.get("recordFile"):
            self.resume_record(Path(options["recordFile"]))

    def resume_record(self, path):
        if path.exists():
            lines = path.read_text().splitlines()
            if lines:
                self.tick = json.loads(lines[-1])["v"]
        self.record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def certificate(self, name, uri, use):
        key, cert = self.folder / f"{name}-key.pem", self.folder / f"{name}.der"
        await setup_self_signed_certificate(key, cert, uri, "localhost", [use], {"commonName": name})
        return key, cert

    async def start(self):
        options = self.options
        server = Server(user_manager=self.users)
        self.server = server
        await server.init()
        host = options.get("host", "127.0.0.1")
        server.set_endpoint(f"opc.tcp://{host}:{options['port']}")
        server.set_server_name("asyncua test server")
        uri = "urn:joulegate:test:asyncua"
        await server.set_application_uri(uri)
        policies = options.get("policies", ["None/None"])
        server.set_security_policy([POLICIES[policy] for policy in policies])
        if any(policy != "None/None" for policy in policies) or self.users.passwords:
            key, cert = await self.certificate("server", uri, ExtendedKeyUsageOID.SERVER_AUTH)
            await server.load_certificate(cert)
            await server.load_private_key(key)
        tokens = [ua.AnonymousIdentityToken] if self.users.anonymous else []
        if self.users.passwords:
            tokens.append(ua.UserNameIdentityToken)
        self.user_files = {}
        for name in options.get("certificateUsers", []):
            key, cert = await self.certificate(name, f"urn:joulegate:test:{name}", ExtendedKeyUsageOID.CLIENT_AUTH)
            self.users.certificates[cert.read_bytes()] = name
            self.user_files[name] = {"certificate": str(cert), "privateKey": str(key)}
        if self.user_files:
            tokens.append(ua.X509IdentityToken)
        server.set_identity_tokens(tokens)
        self.namespaces = {}
        for namespace in options["namespaces"]:
            self.namespaces[namespace["uri"]] = await server.register_namespace(namespace["uri"])
        await self.add_nodes()
        await server.start()
        for index in range(options.get("extraEndpoints", 0)):
            self.add_odd_endpoint(index)
        self.tasks = [asyncio.create_task(self.run_counters())]

    def add_odd_endpoint(self, index):
        """One more endpoint description, of a policy no client knows."""
        endpoint = ua.EndpointDescription()
        endpoint.EndpointUrl = self.server.endpoint.geturl()
        endpoint.Server = ua.ApplicationDescription()
        endpoint.Server.ApplicationUri = f"urn:joulegate:test:odd:{index}"
        endpoint.SecurityMode = ua.MessageSecurityMode.SignAndEncrypt
        endpoint.SecurityPolicyUri = f"http://example.com/policy/{index}"
        endpoint.TransportProfileUri = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
        self.server.iserver.add_endpoint(endpoint)

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        self.tasks = []
        await self.server.stop()

    async def variable(self, parent, ns, name, value, kind=None, datatype=None):
        return await parent.add_variable(ua.NodeId(name, ns), ua.QualifiedName(name, ns), value, kind, datatype)

    async def add_nodes(self):
        options = self.options
        for namespace in options["namespaces"]:
            ns = self.namespaces[namespace["uri"]]
            folder = await self.server.nodes.objects.add_object(ua.NodeId("Plant", ns), ua.QualifiedName("Plant", ns))
            if namespace.get("twin") is not None:
                await self.variable(folder, ns, "Twin", float(namespace["twin"]), VT.Double)
        uri = options["namespaces"][0]["uri"]
        self.ns = self.namespaces[uri]
        parent = self.server.get_node(ua.NodeId("Plant", self.ns))
        self.counters = [
            (await self.variable(parent, self.ns, f"Counter{index}", self.tick, VT.UInt32)).nodeid
            for index in range(options.get("counters", {}).get("count", 0))
        ]
        self.sine = (await self.variable(parent, self.ns, "Sine", 0.0, VT.Double)).nodeid
        await self.add_analog(parent)
        if options.get("dataTypes"):
            await self.add_types(parent)
        if options.get("events"):
            await parent.set_event_notifier([ua.EventNotifier.SubscribeToEvents])
            self.generator = await self.server.get_event_generator(ua.ObjectIds.OffNormalAlarmType, parent)
        if options.get("history"):
            await self.server.historize_node_data_change(self.server.get_node(self.sine), period=None, count=10_000)

    async def add_analog(self, parent):
        for name, code, text, high in [("Energy", "KWH", "kWh", 1e6), ("Power", "KWT", "kW", 500.0)]:
            node = await self.variable(parent, self.ns, name, 12.5, VT.Double)
            number = int.from_bytes(code.encode(), "big")
            unit = ua.EUInformation(UNECE, number, ua.LocalizedText(text), ua.LocalizedText(text))
            await node.add_property(0, "EngineeringUnits", unit)
            await node.add_property(0, "EURange", ua.Range(0.0, high))

    async def add_types(self, parent):
        for name, (kind, values) in scalars().items():
            scalar = values[0]
            await self.variable(parent, self.ns, f"Scalar{name}", ua.Variant(scalar, kind))
            await self.variable(parent, self.ns, f"Array{name}", ua.Variant(values, kind))
        matrix = ua.Variant([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]], VT.Double)
        await self.variable(parent, self.ns, "MatrixDouble", matrix)
        await self.variable(parent, self.ns, "ArrayEmpty", ua.Variant([], VT.Double, is_array=True))
        for name, value in [("NaN", math.nan), ("PositiveInfinity", math.inf), ("NegativeInfinity", -math.inf)]:
            await self.variable(parent, self.ns, f"Scalar{name}", ua.Variant(value, VT.Double))
        mode = await new_enum(self.server, self.ns, "MachineMode", ["Off", "Idle", "Run"])
        recipe, _ = await new_struct(
            self.server,
            self.ns,
            "Recipe",
            [
                new_struct_field("Name", VT.String),
                new_struct_field("Batch", VT.UInt64),
                new_struct_field("Limits", VT.Double, array=True),
            ],
        )
        types = await self.server.load_data_type_definitions()
        run = types.get("MachineMode", getattr(ua, "MachineMode", None))(2)
        await self.variable(parent, self.ns, "Mode", ua.Variant(run, VT.Int32), datatype=mode.nodeid)
        value = types.get("Recipe", getattr(ua, "Recipe", None))()
        value.Name, value.Batch, value.Limits = "steel", 9007199254740993, [0.5, 1.5]
        await self.variable(parent, self.ns, "Recipe", value, VT.ExtensionObject, recipe.nodeid)

    async def write(self, nodeid, variant, status=0, at=None):
        at = now() if at is None else at
        value = ua.DataValue(variant, ua.StatusCode(status), at, now())
        await self.server.write_attribute_value(nodeid, value)
        return at

    async def run_counters(self):
        every = self.options.get("counters", {}).get("intervalMs", 1000) / 1000
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.tick += 1
            at = now()
            if self.record is not None:
                os.write(self.record, (json.dumps({"t": epoch_ms(at), "v": self.tick}) + "\n").encode())
            for nodeid in self.counters:
                await self.write(nodeid, ua.Variant(self.tick, VT.UInt32), at=at)
            await self.write(self.sine, ua.Variant(math.sin(self.tick / 10), VT.Double), at=at)
            due += every
            await asyncio.sleep(max(0, due - loop.time()))

    def nodeid(self, command):
        uri = command.get("namespace", self.options["namespaces"][0]["uri"])
        return ua.NodeId(command["node"], self.namespaces[uri])

    async def do(self, command):
        global clock_offset
        kind = command["do"]
        if kind == "set":
            variant = ua.Variant(to_python(command["type"], command["value"]), VT[command["type"]])
            at = datetime.fromtimestamp(command["at"] / 1000, timezone.utc) if "at" in command else None
            return epoch_ms(await self.write(self.nodeid(command), variant, command.get("status", 0), at))
        if kind == "sessions":
            return len(self.server.iserver._external_sessions)
        if kind == "forget-subscriptions":
            service = self.server.iserver.subscription_service
            # The server's own subscription, which feeds its history, stays.
            ours = {session.session_id for session in self.server.iserver._external_sessions.values()}
            ids = [number for number, sub in service.subscriptions.items() if sub.session_id in ours]
            await service.delete_subscriptions(ids)
            return len(ids)
        if kind == "clock":
            clock_offset = timedelta(milliseconds=command["offsetMs"])
            return command["offsetMs"]
        if kind == "emit":
            event = self.generator.event
            event.Severity = command["severity"]
            event.SourceName = command.get("source", "Plant")
            await self.generator.trigger(message=command["message"])
            return True
        if kind == "tick":
            return self.tick
        if kind == "restart":
            await self.stop()
            self.options = {**self.options, **command["options"]}
            await asyncio.sleep(command.get("afterMs", 0) / 1000)
            await self.start()
            return True
        raise ValueError(f"unknown command {kind}")


def scalars():
    """Built-in types by name: variant type and values, extremes first."""
    at = datetime(2026, 3, 1, 12, 30, 15, 123000, timezone.utc)
    return {
        "Boolean": (VT.Boolean, [True, False]),
        "SByte": (VT.SByte, [-128, 127]),
        "Byte": (VT.Byte, [255, 0]),
        "Int16": (VT.Int16, [-32768, 32767]),
        "UInt16": (VT.UInt16, [65535, 0]),
        "Int32": (VT.Int32, [-2147483648, 2147483647]),
        "UInt32": (VT.UInt32, [4294967295, 0]),
        "Int64": (VT.Int64, [-9223372036854775808, 9007199254740993]),
        "UInt64": (VT.UInt64, [18446744073709551615, 0]),
        "Float": (VT.Float, [0.10000000149011612, -1.5]),
        "Double": (VT.Double, [0.1, 1.7976931348623157e308]),
        "String": (VT.String, ["Zürich 冲压", ""]),
        "DateTime": (VT.DateTime, [at, at]),
        "Guid": (VT.Guid, [uuid.UUID("72962b91-fa75-4ae6-8d28-b404dc7daf63")] * 2),
        "ByteString": (VT.ByteString, [b"\x00\xff\x10", b""]),
        "XmlElement": (VT.XmlElement, [ua.XmlElement("<a>1</a>"), ua.XmlElement("<b/>")]),
        "NodeId": (VT.NodeId, [ua.NodeId(2258, 0), ua.NodeId("x", 1)]),
        "ExpandedNodeId": (VT.ExpandedNodeId, [ua.ExpandedNodeId(2258, 0)] * 2),
        "StatusCode": (VT.StatusCode, [ua.StatusCode(0x80340000), ua.StatusCode(0)]),
        "QualifiedName": (VT.QualifiedName, [ua.QualifiedName("Speed", 1)] * 2),
        "LocalizedText": (VT.LocalizedText, [ua.LocalizedText("Druck", "de"), ua.LocalizedText("x")]),
    }


async def read_lines():
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main():
    global clock_offset
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)
    options = json.loads(sys.argv[1])
    clock_offset = timedelta(milliseconds=options.get("clockOffsetMs", 0))
    shift_clock_of_library()
    rig = Rig(options)
    await rig.start()
    say({"kind": "ready", "pid": os.getpid(), "userFiles": rig.user_files})
    async for command in read_lines():
        if command["do"] == "stop":
            await rig.stop()
            say({"kind": "reply", "id": command["id"], "result": True})
            break
        try:
            say({"kind": "reply", "id": command["id"], "result": await rig.do(command)})
        except Exception as error:
            say({"kind": "reply", "id": command["id"], "error": f"{type(error).__name__}: {error}"})


asyncio.run(main())
