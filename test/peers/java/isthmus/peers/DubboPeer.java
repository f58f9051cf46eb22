package isthmus.peers;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.dubbo.common.Version;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/**
 * A Dubbo application that does as it is told. It uses only what versions 2.7 and 3 share; what
 * differs between them comes as system properties.
 */
public final class DubboPeer {
  private static final int CALL_WITHIN_MS = 10_000;

  private final String host;
  private final RegistryConfig registry;
  private final Map<String, ServiceConfig<Greeter>> services = new ConcurrentHashMap<>();
  private final Map<String, Greeter> references = new ConcurrentHashMap<>();

  private DubboPeer(String host, String registry) {
    this.host = host;
    this.registry = new RegistryConfig(registry);
  }

  /** Port for orders, the machine's own address, and the registry (or `N/A`). */
  public static void main(String[] args) throws IOException {
    DubboPeer peer = new DubboPeer(args[1], args[2]);
    Map<String, Orders.Order> orders =
        Map.of(
            "version", given -> Version.getVersion(),
            "serve", peer::serve,
            "start", peer::start,
            "withdraw", peer::withdraw,
            "refer", peer::refer,
            "call", given -> peer.references.get(given.get("as")).greet(given.get("caller")));
    Orders.take(Integer.parseInt(args[0]), orders);
  }

  private String start(Map<String, String> given) {
    DubboBootstrap.getInstance().registry(registry).start();
    return "";
  }

  private String withdraw(Map<String, String> given) {
    services.get(given.get("as")).unexport();
    return "";
  }

  /** Provided from the start on: `as` is what it answers with. */
  private String serve(Map<String, String> given) {
    ProtocolConfig protocol =
        new ProtocolConfig(given.get("protocol"), Integer.parseInt(given.get("port")));
    protocol.setHost(host);
    protocol.setId(given.get("as"));
    String as = given.get("as");
    ServiceConfig<Greeter> service = new ServiceConfig<>();
    service.setInterface(Greeter.class);
    service.setRef(caller -> as + " greets " + caller);
    service.setGroup(given.get("group"));
    service.setVersion(given.get("version"));
    service.setProtocol(protocol);
    service.setRegistry(registry);
    DubboBootstrap.getInstance().service(service);
    services.put(as, service);
    return "";
  }

  private String refer(Map<String, String> given) {
    ReferenceConfig<Greeter> reference = new ReferenceConfig<>();
    reference.setInterface(Greeter.class);
    reference.setGroup(given.get("group"));
    reference.setVersion(given.get("version"));
    reference.setProtocol(given.get("protocol"));
    reference.setRegistry(registry);
    reference.setUrl(given.get("url"));
    reference.setCheck(false);
    reference.setTimeout(CALL_WITHIN_MS);
    reference.setRetries(0);
    references.put(given.get("as"), reference.get());
    return "";
  }
}
