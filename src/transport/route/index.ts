export { type AllowAddress, addressPolicy, isPublicAddress } from "./address-policy.js";
